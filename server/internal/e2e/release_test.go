package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A backend says where a match is played, and later that it can't be. Its players are told on another node, in order.
func TestAssignAndReleaseAreTold(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env, "--interval", "1h"), start(t, env, "--interval", "1h")
		a := two.dial()
		old := a.create("7", "17")
		bob := two.online(`"bob"`)
		id := one.post("7", `"bob"`).text("id")
		bob.told("PUSHED_TO_QUEUE", id)
		if _, err := one.matcher.Tick(t.Context(), "7"); err != nil {
			t.Fatal(err)
		}
		match := one.want(http.StatusOK, one.call("GET", "/v1/tickets/"+id, "")).text("match.id")
		path := "/v1/matches/" + match
		assigned := one.want(http.StatusOK, one.call("PUT", path+"/assignment", `{"connection":"203.0.113.5:7777","data":{"roomId":"x"}}`))
		if assigned.text("assignment.connection") != "203.0.113.5:7777" {
			t.Errorf("assigned: %v", assigned)
		}
		one.want(http.StatusOK, one.call("PUT", path+"/assignment", `{"connection":"203.0.113.5:7777","data":{"roomId":"x"}}`)) // tells nobody
		for _, s := range []*socket{a, bob} {
			if got := s.status("MATCHED"); got.text("data.matchId") != match || got.text("data.roomId") != "room-"+match {
				t.Errorf("matched: %v", got)
			}
			got := s.expect("match_assigned")
			if got.text("data.matchId") != match || got.text("data.connection") != "203.0.113.5:7777" || got.text("data.data.roomId") != "x" || got.text("seq") == "" {
				t.Errorf("assigned: %v", got)
			}
		}
		a.send(`{"event":"get_state","data":{"userId":17}}`)
		if got := a.expect("state"); got.text("data.match.assignment.connection") != "203.0.113.5:7777" || got.text("data.match.roomId") != "room-"+match {
			t.Errorf("state: %v", got)
		}

		released := one.want(http.StatusOK, one.call("POST", path+"/release", `{"reason":"no_server"}`))
		if released.text("match.released.reason") != "no_server" || released.text("match.state") != "matched" {
			t.Errorf("released: %v", released)
		}
		next := released.text("results.0.ticket.id")
		if got := a.told("RESTORED", next); got.text("data.reason") != "no_server" || got.at("data.queue") != json.Number("7") || next == old {
			t.Errorf("restored: %v", got)
		}
		bob.told("RESTORED", released.text("results.1.ticket.id"))
		a.send(`{"event":"get_state","data":{"userId":17}}`)
		if got := a.expect("state"); got.text("data.ticket.ticketId") != next || got.at("data.match") != nil || fmt.Sprint(got.at("data.ticket.waiting")) != "2" {
			t.Errorf("state: %v", got)
		}
		was := one.want(http.StatusOK, one.call("GET", "/v1/tickets/"+old+"?wait=20s", ""))
		if was.text("state") != "matched" || was.text("successor") != next || was.text("match.players.0.successor") != next {
			t.Errorf("the old ticket: %v", was)
		}
		if again := one.want(http.StatusOK, one.call("POST", path+"/release", `{}`)); again.text("results.0.ticket.id") != next {
			t.Errorf("released again: %v", again)
		}
		if f := one.want(http.StatusConflict, one.call("PUT", path+"/assignment", `{"connection":"x"}`)); f.text("code") != "match_released" {
			t.Errorf("assigned after its release: %v", f)
		}
		bob.quiet()

		// The new tickets are as good as others.
		if _, err := two.matcher.Tick(t.Context(), "7"); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*socket{a, bob} {
			if got := s.status("MATCHED"); got.text("data.matchId") == match || got.at("data.assignment") != nil {
				t.Errorf("matched again: %v", got)
			}
		}
		if again := one.want(http.StatusOK, one.call("POST", path+"/release", `{}`)); again.text("results.0.ticket.state") != "matched" {
			t.Errorf("released again: %v", again)
		}
		one.audited()
	})
}

// A player who was away when the match was released hears on connecting that the new ticket waits, and why.
func TestReleasedWhileAway(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	n.post("7", `"ann"`)
	id := n.post("7", `"bob"`).text("id")
	if _, err := n.matcher.Tick(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
	match := n.want(http.StatusOK, n.call("GET", "/v1/tickets/"+id, "")).text("match.id")
	released := n.want(http.StatusOK, n.call("POST", "/v1/matches/"+match+"/release", `{"reason":"no_server"}`))
	ann := n.dial()
	ann.send(`{"event":"resume","data":{"userId":"ann","lastSeq":""}}`) // unlike get_state it does not answer with the ticket
	ann.expect("resumed")
	next := released.text("results.0.ticket.id")
	got := ann.expect("match_status")
	for got.text("data.ticketId") != next { // the news of the first ticket may be on its way
		got = ann.expect("match_status")
	}
	if got.text("data.status") != "RESTORED" || got.text("data.reason") != "no_server" {
		t.Errorf("told: %v", got)
	}
}

// audited fails the test if the audit does not add up.
func (n *testNode) audited() {
	n.t.Helper()
	audit, err := n.matcher.AuditDeep(n.t.Context())
	if err != nil || !audit.OK() {
		n.t.Errorf("audit: %q, %v", audit.Problems, err)
	}
}

// Games of a released match end, and can't be begun any more.
func TestReleaseEndsGames(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--interval", "1h")
		for _, opened := range []bool{true, false} {
			a, b := n.dial(), n.dial()
			a.create(`"history"`, fmt.Sprintf(`"alice %v"`, opened))
			b.create(`"history"`, fmt.Sprintf(`"bob %v"`, opened))
			if _, err := n.matcher.Tick(t.Context(), "history"); err != nil {
				t.Fatal(err)
			}
			matched := a.status("MATCHED")
			b.status("MATCHED")
			room := matched.text("data.roomId")
			ask := fmt.Sprintf(`{"event":"request_question","id":1,"data":{"roomId":%q,"questionaireId":"history","limit":3}}`, room)
			if opened {
				a.send(ask)
				a.expect("get_match_question")
				a.expect("ack")
			}
			n.want(http.StatusOK, n.call("POST", "/v1/matches/"+matched.text("data.matchId")+"/release", `{}`))
			for _, s := range []*socket{a, b} {
				if opened {
					if got := s.expect("game_over"); got.text("data.reason") != "void" || got.text("data.roomId") != room {
						t.Errorf("the game is over: %v", got)
					}
				}
				if got := s.status("RESTORED"); got.text("data.reason") != "released" {
					t.Errorf("restored: %v", got)
				}
			}
			if !opened {
				b.send(ask)
				if got := b.expect("error"); got.text("data.code") == "" {
					t.Errorf("a game of a released match: %v", got)
				}
			}
			b.send(`{"event":"get_state","data":{}}`)
			if got := b.expect("state"); got.at("data.room") != nil || got.at("data.match") != nil || got.text("data.ticket.ticketId") == "" {
				t.Errorf("state: %v", got)
			}
			a.send(`{"event":"cancel_request_general_match","data":{}}`)
			a.expect("cancel_request_general_match_status")
			b.send(`{"event":"cancel_request_general_match","data":{}}`)
			b.expect("cancel_request_general_match_status")
		}
		n.audited()
	})
}

// A proposed match is restored, and the players who have gone on are named.
func TestReleaseByHTTP(t *testing.T) {
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--ready-timeout", "60s")
	first, second := n.post("q", `"alice"`).text("id"), n.post("q", `"bob"`).text("id")
	tick := func(queue string) {
		t.Helper()
		if _, err := n.matcher.Tick(t.Context(), queue); err != nil {
			t.Fatal(err)
		}
	}
	tick("q")
	match := n.want(http.StatusOK, n.call("GET", "/v1/tickets/"+first, "")).text("match.id")
	if f := n.want(http.StatusConflict, n.call("PUT", "/v1/matches/"+match+"/assignment", `{"connection":"x"}`)); f.text("code") != "match_proposed" {
		t.Errorf("assigned while it is proposed: %v", f)
	}
	got := n.want(http.StatusOK, n.call("POST", "/v1/matches/"+match+"/release", `{"reason":"no_server"}`))
	if got.text("results.0.ticket.id") != first || got.text("results.1.ticket.id") != second || got.text("match.state") != "cancelled" {
		t.Errorf("restored: %v", got)
	}
	tick("q")
	match = n.want(http.StatusOK, n.call("GET", "/v1/tickets/"+first, "")).text("match.id")
	for _, player := range []string{"alice", "bob"} {
		n.want(http.StatusOK, n.call("POST", "/v1/matches/"+match+"/accept", fmt.Sprintf(`{"player":%q}`, player)))
	}
	live := n.post("other", `"alice"`).text("id")
	got = n.want(http.StatusOK, n.call("POST", "/v1/matches/"+match+"/release", `{}`))
	if got.text("results.0.error.code") != "already_queued" || got.text("results.0.error.ticket.id") != live || got.text("results.1.ticket.state") != "waiting" {
		t.Errorf("released: %v", got)
	}
	for call, want := range map[string]int{
		`PUT /v1/matches/1-1-1/assignment {"connection":"x"}`:                                         http.StatusNotFound,
		`POST /v1/matches/1-1-1/release {}`:                                                           http.StatusNotFound,
		`PUT /v1/matches/` + match + `/assignment {}`:                                                 http.StatusUnprocessableEntity,
		`PUT /v1/matches/` + match + `/assignment {"connection":"` + strings.Repeat("x", 1025) + `"}`: http.StatusUnprocessableEntity,
		`PUT /v1/matches/` + match + `/assignment {"connection":"x","data":{"a":1,"a":2}}`:            http.StatusUnprocessableEntity,
		`POST /v1/matches/` + match + `/release {"reason":"a\nb"}`:                                    http.StatusUnprocessableEntity,
		`POST /v1/matches/` + match + `/release {"why":"x"}`:                                          http.StatusUnprocessableEntity,
	} {
		words := strings.SplitN(call, " ", 3)
		n.want(want, n.call(words[0], words[1], words[2]))
	}
	n.audited()
}

// With secrets only the API key assigns and releases.
func TestOnlyBackendsRelease(t *testing.T) {
	n := start(t, matchqtest.Embedded(t), guarded()...)
	for _, call := range []struct{ method, path, body string }{
		{"PUT", "/v1/matches/1-1-1/assignment", `{"connection":"x"}`}, {"POST", "/v1/matches/1-1-1/release", `{}`},
	} {
		n.want(http.StatusUnauthorized, n.call(call.method, call.path, call.body))
		n.want(http.StatusForbidden, n.as(tokenOf(t, "alice"), call.method, call.path, call.body))
		n.want(http.StatusNotFound, n.as(apiKey, call.method, call.path, call.body))
	}
}
