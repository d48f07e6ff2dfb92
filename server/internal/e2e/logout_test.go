package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/identity"
)

// session opens an operator's session and returns its cookie as sent.
func (n *testNode) session() string {
	n.t.Helper()
	cookie := cookieOf(n.t, n.want(204, n.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`)))
	return cookie.Name + "=" + cookie.Value
}

// with makes a request with a session, from the server's own page.
func (n *testNode) with(session, method, path string) response {
	n.t.Helper()
	return n.call(method, path, "", "Cookie", session, "Origin", n.url)
}

// forOperators reads the snapshot of a feed and reports whether it is for operators.
func (f *feed) forOperators() bool {
	f.t.Helper()
	return f.snapshot()["nodes"] != nil
}

// ends reads a feed to its end and returns how long that took.
func (f *feed) ends() time.Duration {
	f.t.Helper()
	from := time.Now()
	for {
		if _, _, err := f.next(); err != nil {
			if time.Since(from) > 2*patience {
				f.t.Errorf("the feed ended by the test's time-out: %v", err)
			}
			return time.Since(from)
		}
	}
}

// soon is longer than a session's stream outlives it: two seconds, and time for a loaded machine.
const soon = patience / 2

func TestLogoutEndsTheSessionOnAllNodes(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n, other := start(t, env, guarded()...), start(t, env, guarded()...)
		mine, second := n.session(), n.session() // in the same second, perhaps
		if mine == second {
			t.Fatal("two sessions have one cookie")
		}
		stream := other.feed("Cookie", mine)
		if !stream.forOperators() {
			t.Error("a session's stream is not an operator's")
		}
		n.want(403, n.call("DELETE", "/v1/admin/session", "", "Cookie", mine, "Origin", "https://evil.example"))
		n.want(403, n.call("DELETE", "/v1/admin/session", "", "Cookie", mine))
		other.want(200, other.with(mine, "GET", "/v1/admin/audit"))

		if gone := cookieOf(t, n.want(204, n.with(mine, "DELETE", "/v1/admin/session"))); gone.MaxAge >= 0 {
			t.Errorf("the cookie stays: %v", gone)
		}
		for _, node := range []*testNode{n, other} {
			node.want(401, node.with(mine, "GET", "/v1/admin/audit"))
			node.want(401, node.with(mine, "GET", "/debug/pprof/"))
			node.want(401, node.with(mine, "POST", "/v1/admin/queues/q/pause"))
			node.want(200, node.with(second, "GET", "/v1/admin/audit"))
		}
		if took := stream.ends(); took > soon {
			t.Errorf("the stream ended %v after its session", took)
		}
		if other.feed("Cookie", mine).forOperators() {
			t.Error("the stream of a closed session is an operator's")
		}
		n.want(204, n.with(mine, "DELETE", "/v1/admin/session")) // again
		if !n.log.has("operator action") || !strings.Contains(n.log.text(), `action="close session"`) {
			t.Error("the logout is not logged")
		}
		id := strings.Split(mine, ".")[1]
		if left := env.Client.TTL(t.Context(), "{"+env.Namespace+"}:session-ended:"+id).Val(); left <= 12*time.Hour || left > 13*time.Hour {
			t.Errorf("the logout is kept for %v", left)
		}
	})
}

// A stream with the admin token, and one of everybody, go on while a session's stream ends by its time.
func TestSessionsStreamEndsByItsTime(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	guard, err := identity.New(identity.Options{AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	token, public := n.feed("Authorization", "Bearer "+adminToken), n.feed()
	if !token.forOperators() || public.forOperators() {
		t.Error("operators, and only they, see the nodes")
	}
	var until time.Time
	var short *feed
	inTime(t, time.Second, func(limit time.Duration) (before time.Time, ok bool) {
		before = time.Now()
		until = before.Add(limit + time.Second) // in whole seconds
		short = n.feed("Cookie", "matchq_operator="+guard.NewSession(until))
		return before, short.forOperators()
	})
	short.ends()
	if late := time.Since(until); late > soon || late < -time.Second {
		t.Errorf("the stream ended %v after its session", late)
	}
	for _, f := range []*feed{token, public} {
		if event, _, err := f.next(); event != "change" || err != nil {
			t.Errorf("the other stream got %q, %v", event, err)
		}
	}
}

// Without Redis nobody knows whether a session was closed, so it does not count.
func TestSessionsWithoutRedis(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, guarded()...)
	mine := n.session()
	stream := n.feed("Cookie", mine)
	if !stream.forOperators() {
		t.Error("a session's stream is not an operator's")
	}
	const list = "/debug/pprof/" // needs no Redis itself
	env.Server.Kill()
	if got := n.want(503, n.with(mine, "GET", list)); got.text("code") != "redis_unavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("got %s", got.raw)
	}
	n.want(200, n.as(adminToken, "GET", list, ""))
	if got := n.want(503, n.with(mine, "DELETE", "/v1/admin/session")); got.text("code") != "redis_unavailable" || got.header.Get("Set-Cookie") != "" {
		t.Errorf("a logout that failed answers %s, %v", got.raw, got.header)
	}
	n.want(204, n.call("DELETE", "/v1/admin/session", "")) // has nothing to end
	stream.ends()
	public := n.feed("Cookie", mine)
	if public.forOperators() {
		t.Error("a session that nobody can verify gets an operator's stream")
	}

	env.Server.Restart()
	matchqtest.Eventually(t, "the session counts again", func() bool { return n.with(mine, "GET", list).status == http.StatusOK })
	public.ends() // so that the page connects again
	if !n.feed("Cookie", mine).forOperators() {
		t.Error("the session's stream stays everybody's")
	}
	n.want(204, n.with(mine, "DELETE", "/v1/admin/session"))
	n.want(401, n.with(mine, "GET", list))
}

// The rights in the README suffice for sessions; without them a session does not count either.
func TestSessionsOfARestrictedRedisUser(t *testing.T) {
	t.Parallel()
	env := restricted(t)
	n := start(t, env, guarded()...)
	mine, second := n.session(), n.session()
	n.want(200, n.with(mine, "GET", "/v1/admin/audit"))
	n.want(204, n.with(mine, "DELETE", "/v1/admin/session"))
	n.want(401, n.with(mine, "GET", "/v1/admin/audit"))
	if denied, err := env.Client.Do(t.Context(), "ACL", "LOG").Slice(); err != nil || len(denied) > 0 {
		t.Errorf("Redis refused %v, %v", denied, err)
	}
	setUser(t, env, append(rights(t, env.Namespace), "-exists", "-set")...)
	if got := n.want(503, n.with(second, "GET", "/debug/pprof/")); got.text("code") != "redis_refuses" {
		t.Errorf("got %s", got.raw)
	}
	if got := n.want(503, n.with(second, "DELETE", "/v1/admin/session")); got.text("code") != "redis_refuses" {
		t.Errorf("got %s", got.raw)
	}
	setUser(t, env, rights(t, env.Namespace)...)
	n.want(204, n.with(second, "DELETE", "/v1/admin/session"))
}
