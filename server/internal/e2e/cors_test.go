package e2e_test

import (
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// corsHeaders are those of an answer that tell a browser what a page of another origin may do and read.
func corsHeaders(r response) string {
	var all []string
	for name, values := range r.header {
		if strings.HasPrefix(name, "Access-Control-") {
			all = append(all, name+": "+strings.Join(values, ", "))
		}
	}
	return strings.Join(all, "\n")
}

// Pages of an allowed origin may make all calls of players and backends, with their headers, and read the answers.
func TestCORSForPlayers(t *testing.T) {
	t.Parallel()
	const origin = "https://play.example"
	n := start(t, matchqtest.Embedded(t), guarded("--allowed-origin", origin)...)
	for path, methods := range map[string][]string{
		"/v1/queues/q/tickets": {"POST"}, "/v1/tickets/batch": {"POST"}, "/v1/tickets/t": {"GET", "DELETE"}, "/v1/tickets/t/events": {"GET"},
		"/v1/matches/m/accept": {"POST"}, "/v1/matches/m/assignment": {"PUT"}, "/v1/queues": {"GET"}, "/v1/dashboard/events": {"GET"},
	} {
		for _, method := range methods {
			preflight := n.want(204, n.call("OPTIONS", path, "", "Origin", origin, "Access-Control-Request-Method", method))
			allowed := strings.Split(preflight.header.Get("Access-Control-Allow-Methods"), ", ")
			if !strings.Contains(strings.Join(allowed, " ")+" ", method+" ") || preflight.header.Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("%s %s: %s", method, path, corsHeaders(preflight))
			}
			for _, header := range []string{"Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"} {
				if !strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), header) {
					t.Errorf("%s %s does not allow %s", method, path, header)
				}
			}
		}
	}
	made := n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"alice"}`, "Origin", origin, "Authorization", "Bearer "+apiKey))
	if exposed := made.header.Get("Access-Control-Expose-Headers"); made.header.Get("Location") == "" ||
		!strings.Contains(exposed, "Location") || !strings.Contains(exposed, "Retry-After") {
		t.Errorf("a page can read of %v: %s", made.header, exposed)
	}
}

// Operators' calls have no CORS, whatever the origin and the proof: pages of other origins neither make nor read them.
func TestNoCORSForOperators(t *testing.T) {
	t.Parallel()
	const origin = "https://play.example"
	for _, prefix := range []string{"", "/games"} {
		n := start(t, matchqtest.Embedded(t), guarded("--allowed-origin", origin, "--path-prefix", prefix)...)
		own := strings.TrimSuffix(n.url, prefix)
		call := func(method, path, from, body string) response {
			return n.call(method, path, body, "Origin", from, "Authorization", "Bearer "+adminToken, "Access-Control-Request-Method", "PUT")
		}
		for _, c := range []struct {
			method, path, body string
			foreign, own       int // statuses
		}{
			{"GET", "/v1/admin/rules", "", 200, 200},
			{"GET", "/debug/pprof/", "", 200, 200},
			{"PUT", "/v1/admin/rules/chess", `{"size":3}`, 403, 200},
			{"DELETE", "/v1/admin/rules/chess", "", 403, 204},
			{"POST", "/v1/admin/queues/q/pause", "", 403, 200},
			{"OPTIONS", "/v1/admin/rules/chess", "", 403, 204},
		} {
			for _, from := range []string{origin, "https://evil.example"} {
				got := n.want(c.foreign, call(c.method, c.path, from, c.body))
				if cors := corsHeaders(got); cors != "" || got.status == 403 && got.text("code") != "foreign_origin" {
					t.Errorf("%s %s from %s: %s %s", c.method, c.path, from, got.raw, cors)
				}
			}
			n.want(c.own, call(c.method, c.path, own, c.body))
		}
	}
}

// Without an admin token a page of an allowed origin is no operator, on the machine itself either.
func TestAnAllowedOriginIsNoOperator(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--allowed-origin", "https://play.example")
	for _, headers := range [][]string{{"Origin", "https://play.example"}, {"Origin", "https://play.example", "Sec-Fetch-Site", "cross-site"}} {
		n.want(403, n.call("GET", "/v1/admin/rules", "", headers...))
		n.want(403, n.call("POST", "/v1/admin/queues/q/pause", "", headers...))
	}
	n.want(200, n.call("GET", "/v1/admin/rules", ""))
}
