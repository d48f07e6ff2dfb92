package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestOperatorsSteerQueues(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded()...)
		admin := func(method, path string) response { return n.as(adminToken, method, "/v1/admin"+path, "") }
		n.want(201, n.as(apiKey, "POST", "/v1/queues/a%2Fb/tickets", `{"player":"alice"}`))
		if got := n.want(200, admin("GET", "/tickets?player=alice")); got.text("ticket.state") != "waiting" || !strings.Contains(got.text("why"), "missing for a match: 1") {
			t.Errorf("got %s", got.raw)
		}
		if got := n.want(200, admin("POST", "/queues/a%2Fb/pause")); got.at("paused") != true || got.at("waiting") != json.Number("1") {
			t.Errorf("got %s", got.raw)
		}
		n.want(503, n.as(apiKey, "POST", "/v1/queues/a%2Fb/tickets", `{"player":"bob"}`))
		if got := n.want(200, admin("GET", "/tickets?player=alice")); !strings.Contains(got.text("why"), "paused") {
			t.Errorf("got %s", got.raw)
		}
		if got := n.want(200, admin("POST", "/queues/a%2Fb/drain")); got.at("cancelled") != json.Number("1") {
			t.Errorf("got %s", got.raw)
		}
		if got := n.want(200, admin("POST", "/queues/a%2Fb/resume")); got.at("paused") != false {
			t.Errorf("got %s", got.raw)
		}
		if got := n.want(200, admin("GET", "/audit")); got.at("ok") != true || got.at("enqueued") != json.Number("1") || got.at("cancelled") != json.Number("1") {
			t.Errorf("got %s", got.raw)
		}
		got := n.want(200, admin("GET", "/tickets?player=alice"))
		if got.text("ticket.reason") != "drained" || got.at("why") != nil ||
			got.text("timeline.0.state") != "waiting" || got.text("timeline.1.state") != "cancelled" || got.text("timeline.1.reason") != "drained" {
			t.Errorf("got %s", got.raw)
		}
		if byID := n.want(200, admin("GET", "/tickets?id="+got.text("ticket.id"))); byID.text("ticket.player") != "alice" {
			t.Errorf("got %s", byID.raw)
		}
		n.want(404, admin("GET", "/tickets?id=nothing"))
		n.want(422, admin("GET", "/tickets?id=x&player=alice"))
		n.want(404, admin("GET", "/tickets?player=nobody"))
		n.want(422, admin("GET", "/tickets"))
		n.want(422, admin("POST", "/queues/a%00/pause"))
		if !n.log.has("operator action") {
			t.Error("nothing is logged")
		}
	})
}

func TestOperatorsSeeNodes(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n, other := start(t, env, guarded()...), start(t, env, guarded()...)
	n.dialAs(tokenOf(t, "alice")).quiet()
	matchqtest.Eventually(t, "both nodes are there", func() bool {
		got := n.want(200, n.as(adminToken, "GET", "/v1/admin/nodes", ""))
		return got.at("nodes.1") != nil && got.at("nodes.0.self") != got.at("nodes.1.self")
	})
	other.want(401, other.as(apiKey, "GET", "/v1/admin/nodes", ""))
}

func TestOperatorSession(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, guarded("--path-prefix", "/m", "--trusted-proxy", "127.0.0.1")...)
	other := start(t, env, guarded("--path-prefix", "/m")...) // with the same token
	origin := strings.TrimSuffix(n.url, "/m")
	n.want(401, n.call("POST", "/v1/admin/session", `{"token":"wrong"}`))
	got := n.want(204, n.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`, "Origin", origin))
	cookie := cookieOf(t, got)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/m/" || cookie.Secure || strings.Contains(cookie.Value, adminToken) {
		t.Errorf("the cookie is %v", cookie)
	}
	sent := cookie.Name + "=" + cookie.Value
	n.want(200, n.call("GET", "/v1/admin/audit", "", "Cookie", sent))
	n.want(200, n.call("POST", "/v1/admin/queues/q/pause", "", "Cookie", sent, "Origin", origin))
	n.want(200, other.call("GET", "/v1/admin/audit", "", "Cookie", sent))
	n.want(403, n.call("POST", "/v1/admin/queues/q/pause", "", "Cookie", sent))
	n.want(403, n.call("POST", "/v1/admin/queues/q/pause", "", "Cookie", sent, "Origin", "https://evil.example"))
	n.want(401, n.call("GET", "/v1/admin/audit", "", "Cookie", cookie.Name+"=9999999999.x.x"))
	n.want(401, n.call("GET", "/v1/admin/audit", ""))

	tls := cookieOf(t, n.want(204, n.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`, "X-Forwarded-Proto", "https")))
	if !tls.Secure {
		t.Errorf("behind a proxy with TLS the cookie is %v", tls)
	}
	untrusted := cookieOf(t, n.want(204, other.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`, "X-Forwarded-Proto", "https")))
	if untrusted.Secure {
		t.Errorf("any client is believed about TLS: %v", untrusted)
	}
	if gone := cookieOf(t, n.want(204, n.call("DELETE", "/v1/admin/session", ""))); gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("the cookie stays: %v", gone)
	}
}

func cookieOf(t *testing.T, got response) *http.Cookie {
	t.Helper()
	cookies := (&http.Response{Header: got.header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("got %v", got.header)
	}
	return cookies[0]
}

// Without a token all clients on this machine are operators.
func TestOperatorsWithoutToken(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	n.want(200, n.call("GET", "/v1/admin/audit", ""))
	n.want(204, n.call("POST", "/v1/admin/session", `{"token":""}`))
	for _, header := range []string{"X-Forwarded-For", "Forwarded"} { // it came from another machine
		n.want(403, n.call("GET", "/v1/admin/audit", "", header, "127.0.0.1"))
		n.want(403, n.call("POST", "/v1/admin/session", `{}`, header, "127.0.0.1"))
	}
	// Another site's page makes the operator's browser send a request.
	for _, path := range []string{"/v1/admin/audit", "/debug/pprof/heap"} {
		n.want(403, n.call("GET", path, "", "Sec-Fetch-Site", "cross-site"))
		n.want(403, n.call("GET", path, "", "Origin", "https://evil.example"))
	}
	beyond := start(t, matchqtest.Embedded(t), "--addr", "0.0.0.0:0", "--insecure")
	beyond.want(403, beyond.call("GET", "/v1/admin/audit", ""))
	beyond.want(403, beyond.call("POST", "/v1/admin/session", `{}`))
}

func TestWrongAdminTokensAreLimited(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	session := cookieOf(t, n.want(204, n.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`)))
	for range 10 {
		n.want(401, n.as("wrong", "GET", "/v1/admin/audit", ""))
	}
	got := n.want(429, n.as("wrong", "GET", "/v1/admin/audit", ""))
	if got.header.Get("Retry-After") == "" {
		t.Errorf("got %v", got.header)
	}
	n.want(429, n.call("POST", "/v1/admin/session", `{"token":"wrong"}`))
	n.want(200, n.as(adminToken, "GET", "/v1/admin/audit", "")) // wrong guesses do not lock operators out
	n.want(200, n.call("GET", "/v1/admin/audit", "", "Cookie", session.Name+"="+session.Value))
}

func TestReadyzTellsOfAnotherConfiguration(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h")
	n.post("q", `"alice"`)
	n.ready()
	n.want(204, n.call("DELETE", "/v1/tickets/"+n.post("q", `"bob"`).text("id"), ""))
	if _, err := n.matcher.Drain(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	// No node may bring its own into force while this one runs, but one may have while this one was frozen.
	meta := "{" + env.Namespace + "}:meta"
	theirs := strings.Replace(env.Client.HGet(t.Context(), meta, "config").Val(), "retention=", "retention=1", 1)
	if err := env.Client.HSet(t.Context(), meta, "config", theirs).Err(); err != nil {
		t.Fatal(err)
	}
	got := n.want(503, n.call("GET", "/readyz", ""))
	if got.text("code") != "config_mismatch" || !strings.Contains(got.text("detail"), theirs) {
		t.Errorf("got %s", got.raw)
	}
}
