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

// Pages of an allowed origin may make operators' calls too, with the token; pages of others neither make nor read them.
func TestCORSForOperators(t *testing.T) {
	t.Parallel()
	const origin = "https://play.example"
	n := start(t, matchqtest.Embedded(t), guarded("--allowed-origin", origin)...)
	for _, c := range []struct {
		method, path, body string
		allowed, foreign   int // statuses
	}{
		{"GET", "/v1/admin/rules", "", 200, 200},
		{"PUT", "/v1/admin/rules/chess", `{"size":3}`, 200, 403},
		{"POST", "/v1/admin/queues/q/pause", "", 200, 403},
		{"DELETE", "/v1/admin/rules/chess", "", 204, 403},
	} {
		for from, want := range map[string]int{origin: c.allowed, "https://evil.example": c.foreign} {
			got := n.want(want, n.call(c.method, c.path, c.body, "Origin", from, "Authorization", "Bearer "+adminToken))
			if allows := got.header.Get("Access-Control-Allow-Origin"); (allows == origin) != (from == origin) {
				t.Errorf("%s %s from %s: %s", c.method, c.path, from, corsHeaders(got))
			}
		}
		n.want(401, n.call(c.method, c.path, c.body, "Origin", origin))
	}
}

// Without an admin token a page of an allowed origin is an operator on the machine itself; one of another is not.
func TestAnAllowedOriginOnLoopback(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--allowed-origin", "https://play.example")
	for from, want := range map[string]int{"https://play.example": 200, "https://evil.example": 403} {
		n.want(want, n.call("GET", "/v1/admin/rules", "", "Origin", from))
		n.want(want, n.call("POST", "/v1/admin/queues/q/pause", "", "Origin", from, "Sec-Fetch-Site", "cross-site"))
	}
}
