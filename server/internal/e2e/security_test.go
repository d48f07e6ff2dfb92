package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Each test is one way in which an attacker could try to cancel, read, queue or act for another player.

// queueAs queues a player by their own token and returns the ticket's id.
func (n *testNode) queueAs(player, queue string) string {
	n.t.Helper()
	return n.want(201, n.as(tokenOf(n.t, player), "POST", "/v1/queues/"+queue+"/tickets", `{}`)).text("id")
}

// untouched checks that a ticket still waits.
func (n *testNode) untouched(id string) {
	n.t.Helper()
	if got, err := n.matcher.Ticket(n.t.Context(), id); err != nil || got.State != matchq.Waiting {
		n.t.Errorf("the ticket is %+v, %v", got, err)
	}
}

func TestAnotherPlayersToken(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded()...)
		id, mallory := n.queueAs("alice", "q"), tokenOf(t, "mallory")
		unknown := n.want(404, n.as(mallory, "GET", "/v1/tickets/unknown", "")).raw
		for _, path := range []string{"/v1/tickets/" + id, "/v1/tickets/" + id + "?wait=9s&since=1", "/v1/tickets/" + id + "/events"} {
			if got := n.want(404, n.as(mallory, "GET", path, "")); got.raw != unknown { // does not reveal the id
				t.Errorf("got %s, and of an unknown ticket %s", got.raw, unknown)
			}
		}
		if got := n.want(404, n.as(mallory, "DELETE", "/v1/tickets/"+id, "")); got.raw != unknown {
			t.Errorf("got %s", got.raw)
		}
		n.untouched(id)
		n.queueAs("bob", "q")
		if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		match := n.want(200, n.as(tokenOf(t, "alice"), "GET", "/v1/tickets/"+id, "")).text("match.id")
		n.want(200, n.as(tokenOf(t, "bob"), "GET", "/v1/matches/"+match, ""))
		n.want(200, n.as(apiKey, "GET", "/v1/matches/"+match, ""))
		n.want(404, n.as(mallory, "GET", "/v1/matches/"+match, ""))
		n.want(404, n.as(mallory, "DELETE", "/v1/tickets/"+id, "")) // and not 409 with the match
	})
}

func TestAnotherPlayersName(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	mallory := tokenOf(t, "mallory")
	const path = "/v1/queues/q/tickets"
	if got := n.want(403, n.as(mallory, "POST", path, `{"player":"alice"}`)); got.text("code") != "forbidden" {
		t.Errorf("got %s", got.raw)
	}
	n.want(422, n.as(mallory, "POST", path, `{"player":""}`))
	n.want(201, n.as(mallory, "POST", path, `{"player":"mallory"}`))
	if got := n.want(201, n.as(tokenOf(t, "17"), "POST", path, `{"player":17}`)); fmt.Sprint(got.at("player")) != "17" {
		t.Errorf("got %s", got.raw)
	}
	if got := n.stats(); got.Enqueued != 2 {
		t.Errorf("stats are %+v", got)
	}
}

// A player can't have a ticket wait for ever; a backend can.
func TestLongestWait(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	const day = `{"player":"alice","ttl_ms":86400000}`
	if got := n.want(422, n.as(tokenOf(t, "alice"), "POST", "/v1/queues/q/tickets", day)); !strings.Contains(got.raw, "3600000") {
		t.Errorf("got %s", got.raw)
	}
	n.want(201, n.as(tokenOf(t, "alice"), "POST", "/v1/queues/q/tickets", `{"ttl_ms":3600000}`))
	n.want(201, n.as(apiKey, "POST", "/v1/queues/q/tickets", strings.Replace(day, "alice", "bob", 1)))
}

func TestNoProof(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	id := n.queueAs("alice", "q")
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "alice", "exp": time.Now().Add(time.Hour).Unix()}).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{
		"nothing": "", "alg none": "Bearer " + none, "expired": "Bearer " + tokenUntil(t, "alice", time.Now().Add(-time.Second)),
		"the admin token": "Bearer " + adminToken, "basic": "Basic " + tokenOf(t, "alice"), "a wrong key": "Bearer " + apiKey + "x",
	} {
		for _, c := range []struct{ method, path, body string }{
			{"POST", "/v1/queues/q/tickets", `{"player":"bob"}`}, {"POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q","player":"bob"}]}`},
			{"GET", "/v1/tickets/" + id, ""}, {"GET", "/v1/tickets/" + id + "/events", ""}, {"DELETE", "/v1/tickets/" + id, ""},
			{"GET", "/v1/matches/1-0-0", ""},
		} {
			headers := []string{"Authorization", header}
			if header == "" {
				headers = nil
			}
			got := n.call(c.method, c.path, c.body, headers...)
			if got.status != 401 || got.text("code") != "unauthorized" || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %s %s: got %d %s", name, c.method, c.path, got.status, got.raw)
			}
		}
	}
	n.untouched(id)
	n.want(200, n.call("GET", "/v1/queues", "")) // they name no player
	n.want(200, n.call("GET", "/v1/queues/q", ""))
	n.want(200, n.call("GET", "/v1/stats", ""))
}

// A token in a URL ends up in histories and logs: it counts only where browsers have no other way.
func TestTokenInAddress(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	id, query := n.queueAs("alice", "q"), "?token="+tokenOf(t, "alice")
	n.want(401, n.call("POST", "/v1/queues/q/tickets"+query, `{}`))
	n.want(401, n.call("GET", "/v1/tickets/"+id+query, ""))
	n.want(401, n.call("DELETE", "/v1/tickets/"+id+query, ""))
	n.want(401, n.call("POST", "/v1/tickets/batch?token="+apiKey, `{"tickets":[]}`))
	n.want(401, n.call("GET", "/v1/admin/audit?token="+adminToken, ""))
	n.follow("/v1/tickets/" + id + "/events" + query).state("waiting")
	n.untouched(id)
}

func TestBatchByAPlayer(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	const body = `{"tickets":[{"queue":"q","player":"alice"}]}`
	if got := n.want(403, n.as(tokenOf(t, "alice"), "POST", "/v1/tickets/batch", body)); got.text("code") != "forbidden" {
		t.Errorf("got %s", got.raw)
	}
	n.want(200, n.as(apiKey, "POST", "/v1/tickets/batch", body))
}

func TestAnotherPlayersIdempotencyKey(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	post := func(token, body string) response {
		return n.want(201, n.as(token, "POST", "/v1/queues/q/tickets", body, "Idempotency-Key", "k"))
	}
	alice, bob := tokenOf(t, "alice"), tokenOf(t, "bob")
	ids := map[string]bool{post(alice, `{}`).text("id"): true, post(bob, `{}`).text("id"): true, post(apiKey, `{"player":"carol"}`).text("id"): true}
	if len(ids) != 3 {
		t.Errorf("got %v", ids)
	}
	if got := post(alice, `{}`); !ids[got.text("id")] || got.text("player") != "alice" {
		t.Errorf("got %s", got.raw)
	}
}

func TestAPIKeyAlone(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--api-key", apiKey)
	const body = `{"player":"alice"}`
	n.want(401, n.call("POST", "/v1/queues/q/tickets", body))
	n.want(401, n.as(tokenOf(t, "alice"), "POST", "/v1/queues/q/tickets", body))
	id := n.want(201, n.as(apiKey, "POST", "/v1/queues/q/tickets", body)).text("id")
	n.want(401, n.call("GET", "/v1/tickets/"+id, ""))
	n.want(200, n.as(apiKey, "GET", "/v1/tickets/"+id, ""))
	n.dial().create(`"other"`, `"bob"`)
}

func TestOperatorsOnly(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	id := n.queueAs("alice", "q")
	for _, token := range []string{tokenOf(t, "alice"), apiKey} {
		for _, call := range []string{"POST /queues/q/pause", "POST /queues/q/resume", "POST /queues/q/drain", "GET /audit", "GET /tickets?player=alice"} {
			method, path, _ := strings.Cut(call, " ")
			if got := n.as(token, method, "/v1/admin"+path, ""); got.status != 401 && got.status != 429 {
				t.Errorf("%s: got %d %s", call, got.status, got.raw)
			}
		}
	}
	n.untouched(id)
}

// A page whose host name was pointed at this machine is same-origin, but the host is not one of ours.
func TestRebinding(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	id := n.post("q", `"alice"`).text("id")
	for _, call := range []string{"GET /v1/tickets/" + id, "DELETE /v1/tickets/" + id, "POST /v1/admin/queues/q/drain", "GET /v1/admin/tickets?player=alice", "GET /ws"} {
		method, path, _ := strings.Cut(call, " ")
		got := n.call(method, path, "", "Host", "evil.example", "Origin", "http://evil.example")
		if got.status != 403 || got.text("code") != "foreign_host" {
			t.Errorf("%s: got %d %s", call, got.status, got.raw)
		}
	}
	n.untouched(id)
}

func TestForeignPages(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	id := n.post("q", `"alice"`).text("id")
	for _, origin := range []string{"https://evil.example", "null", "http://localhost.evil.example"} {
		n.want(403, n.call("DELETE", "/v1/tickets/"+id, "", "Origin", origin))
		n.want(403, n.call("POST", "/v1/admin/queues/q/drain", "", "Origin", origin))
		n.want(403, n.call("POST", "/v1/queues/q/tickets", `{"player":"bob"}`, "Origin", origin))
	}
	// Pages can send other bodies than JSON without a preflight.
	n.want(415, n.call("POST", "/v1/queues/q/tickets", `{"player":"bob"}`, "Content-Type", "text/plain"))
	n.untouched(id)
}

// TestNoSecretIsLogged sends secrets in every way and searches for them in a log of all levels, and in all answers.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	token, bad := tokenOf(t, "alice"), tokenOf(t, "alice")+"tampered"
	id := n.queueAs("alice", "q")
	var answers strings.Builder
	for _, secret := range []string{token, bad, apiKey, apiKey + "tampered", adminToken, adminToken + "tampered", jwtSecret} {
		for _, path := range []string{
			"/v1/tickets/" + id, "/v1/queues/q", "/v1/admin/audit", "/v1/admin/queues/q/pause", "/ws", "/v1/nothing", "/v1/queues/a%00/tickets",
		} {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				got := n.call(method, path+"?token="+secret, `{"player":"alice"}`, "Authorization", "Bearer "+secret, "Cookie", "matchq_operator="+secret)
				answers.WriteString(got.raw)
				got = n.call(method, path+"?token="+secret, "", "Authorization", secret)
				answers.WriteString(got.raw)
			}
		}
		answers.WriteString(n.call("POST", "/v1/admin/session", `{"token":"`+secret+`"}`).raw)
		socket := n.dialAs(secret)
		if secret == token || secret == apiKey {
			socket.quiet()
		} else {
			socket.expectClose(sessions.CloseUnauthorized)
		}
	}
	n.stop()
	log := n.log.text()
	if !strings.Contains(log, "/v1/admin/audit") {
		t.Fatalf("the log is not complete:\n%s", log)
	}
	signature := token[strings.LastIndex(token, "."):]
	for _, secret := range []string{token, signature, "tampered", apiKey, adminToken, jwtSecret} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log:\n%s", secret, log)
		}
		if strings.Contains(answers.String(), secret) {
			t.Errorf("%s is in an answer:\n%s", secret, answers.String())
		}
	}
}
