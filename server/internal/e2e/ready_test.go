package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// proposed returns the next frame, which must ask to accept a match.
func (s *socket) proposed() object {
	s.t.Helper()
	f := s.expect("match_proposed")
	if ms, err := f.at("data.deadlineMs").(json.Number).Int64(); err != nil || ms < 1 || f.text("data.matchId") == "" {
		s.t.Fatalf("got %v", f)
	}
	return f
}

// answer accepts or declines a match and returns the acknowledgement, or the error.
func (s *socket) answer(event, match string) {
	s.t.Helper()
	s.send(fmt.Sprintf(`{"event":%q,"data":{"matchId":%q},"id":"a"}`, event, match))
}

func TestReadySocketsAccept(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--ready-timeout", "60s")
		a, b := n.dial(), n.dial()
		a.create(`"q"`, "17")
		b.create(`"q"`, `"bob"`)
		forA, forB := a.proposed(), b.proposed()
		match := forA.text("data.matchId")
		if forB.text("data.matchId") != match || forA.at("data.players.0") != json.Number("17") || forA.at("data.players.1") != "bob" ||
			forA.text("data.queue") != "q" {
			t.Errorf("got %v and %v", forA, forB)
		}
		stranger := n.dial()
		stranger.send(fmt.Sprintf(`{"event":"accept_match","data":{"userId":"eve","matchId":%q},"id":1}`, match))
		if f := stranger.expect("error"); f.text("data.code") != "not_found" {
			t.Errorf("a stranger accepts: %v", f)
		}
		a.send(fmt.Sprintf(`{"event":"accept_match","data":{"userId":"bob","matchId":%q},"id":1}`, match))
		if f := a.expect("error"); f.text("data.code") != "forbidden" {
			t.Errorf("accepting for another player: %v", f)
		}
		for range 2 {
			a.answer("accept_match", match)
			if ack := a.expect("ack"); ack.text("data.state") != "proposed" || ack.text("data.matchId") != match {
				t.Errorf("got %v", ack)
			}
		}
		a.send(`{"event":"create_general_game_match","data":{"questionaireId":"other"}}`)
		a.status("DUPLICATED_USER_ID")
		b.answer("accept_match", match)
		if ack := b.expect("ack"); ack.text("data.state") != "matched" {
			t.Errorf("got %v", ack)
		}
		for _, s := range []*socket{a, b} {
			if f := s.status("MATCHED"); f.text("data.matchId") != match || f.text("data.roomId") == "" {
				t.Errorf("got %v", f)
			}
		}
		a.answer("decline_match", match)
		if f := a.expect("error"); f.text("data.code") != "already_matched" {
			t.Errorf("got %v", f)
		}
		a.send(`{"event":"accept_match","data":{},"id":1}`)
		if f := a.expect("error"); f.text("data.code") != "invalid" {
			t.Errorf("got %v", f)
		}
	})
}

func TestReadySocketDeclines(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--ready-timeout", "60s")
		a, b := n.dial(), n.dial()
		first := a.create(`"q"`, `"alice"`)
		b.create(`"q"`, `"bob"`)
		match := a.proposed().text("data.matchId")
		b.proposed()
		b.answer("decline_match", match)
		b.expect("ack")
		if f := b.status("CANCELLED"); f.text("data.reason") != "declined" {
			t.Errorf("got %v", f)
		}
		if f := a.status("RESTORED"); f.text("data.reason") != "declined" || f.text("data.ticketId") != first {
			t.Errorf("got %v", f)
		}
		a.answer("accept_match", match)
		if f := a.expect("error"); f.text("data.code") != "match_gone" {
			t.Errorf("got %v", f)
		}
		// The next one comes, and leaves by cancelling.
		b.create(`"q"`, `"bob"`)
		a.proposed()
		b.proposed()
		b.send(`{"event":"cancel_request_general_match"}`)
		if f := b.expect("cancel_request_general_match_status"); f.text("data.status") != "CANCEL_REQUEST_COMPLETE" {
			t.Errorf("got %v", f)
		}
		if f := a.status("RESTORED"); f.text("data.ticketId") != first {
			t.Errorf("got %v", f)
		}
		if got := n.want(200, n.call("GET", "/v1/tickets/"+first, "")); got.at("version") != json.Number("5") || got.text("state") != "waiting" {
			t.Errorf("got %s", got.raw)
		}
	})
}

func TestReadyNobodyAnswers(t *testing.T) {
	t.Parallel()
	var a, b *socket
	inTime(t, time.Second, func(limit time.Duration) (before time.Time, ok bool) {
		n := start(t, matchqtest.Embedded(t), "--ready-timeout", limit.String())
		a, b = n.dial(), n.dial()
		a.create(`"q"`, `"alice"`)
		before = time.Now()
		b.create(`"q"`, `"bob"`)
		match := a.proposed().text("data.matchId")
		b.proposed()
		a.answer("accept_match", match)
		return before, a.next("ack")["event"] == "ack"
	})
	if f := a.status("RESTORED"); f.text("data.reason") != "no_answer" {
		t.Errorf("got %v", f)
	}
	if f := b.status("CANCELLED"); f.text("data.reason") != "no_answer" {
		t.Errorf("got %v", f)
	}
}

// A player who is away when the grace ends is out, and the other keeps waiting. A player who is back before that is
// asked again.
func TestReadyAway(t *testing.T) {
	t.Parallel()
	var a, b *socket
	inTime(t, 500*time.Millisecond, func(grace time.Duration) (before time.Time, ok bool) {
		n := start(t, matchqtest.Embedded(t), "--ready-timeout", "60s", "--grace", grace.String())
		a, b = n.dial(), n.dial()
		a.create(`"q"`, `"alice"`)
		b.create(`"q"`, `"bob"`)
		match := a.proposed().text("data.matchId")
		b.proposed()
		before = time.Now()
		a.leave()
		a = n.dial()
		a.send(`{"event":"connection_queue","data":{"userId":"alice"},"id":1}`)
		f := a.next("match_proposed")
		return before, f["event"] == "match_proposed" && f.text("data.matchId") == match
	})
	a.expect("ack")
	a.leave()
	if f := b.status("RESTORED"); f.text("data.reason") != "disconnected" {
		t.Errorf("got %v", f)
	}
}

func TestReadyByHTTP(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--ready-timeout", "60s")
		a, b := n.post("q", `17`), n.post("q", `"bob"`)
		asked := n.want(200, n.call("GET", "/v1/tickets/"+a.text("id")+"?wait=25s&since=1", ""))
		match := asked.text("match.id")
		if asked.text("state") != "proposed" || asked.at("version") != json.Number("2") || asked.text("match.state") != "proposed" ||
			asked.text("match.deadline") == "" || asked.text("match.room") == "" {
			t.Fatalf("got %s", asked.raw)
		}
		path := "/v1/matches/" + match
		half := n.want(200, n.call("POST", path+"/accept", `{"player":17}`))
		if half.text("state") != "proposed" || half.at("accepted.0") != json.Number("17") || half.at("accepted.1") != nil {
			t.Errorf("got %s", half.raw)
		}
		n.want(404, n.call("POST", path+"/accept", `{"player":"eve"}`))
		n.want(404, n.call("POST", "/v1/matches/1-1-1/accept", `{"player":"bob"}`))
		n.want(422, n.call("POST", path+"/accept", `{}`))
		n.want(415, n.call("POST", path+"/accept", ""))
		made := n.want(200, n.call("POST", path+"/accept", `{"player":"bob"}`))
		if made.text("state") != "matched" || made.text("id") != match || made.at("deadline") != nil {
			t.Errorf("got %s", made.raw)
		}
		for _, ticket := range []response{a, b} {
			got := n.want(200, n.call("GET", "/v1/tickets/"+ticket.text("id")+"?wait=25s&since=2", ""))
			if got.text("state") != "matched" || got.at("version") != json.Number("3") || got.text("match.id") != match {
				t.Errorf("got %s", got.raw)
			}
		}
		if got := n.want(409, n.call("POST", path+"/decline", `{"player":"bob"}`)); got.text("code") != "already_matched" ||
			got.text("match.id") != match {
			t.Errorf("got %s", got.raw)
		}
	})
}

// Long polls return every change, also that a ticket waits again.
func TestReadyLongPollsHearOfEveryChange(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--ready-timeout", "60s")
	a, b := n.post("q", `"alice"`).text("id"), n.post("q", `"bob"`).text("id")
	asked := n.want(200, n.call("GET", "/v1/tickets/"+a+"?wait=25s&since=1", ""))
	path := "/v1/matches/" + asked.text("match.id")
	news := n.calling("GET", "/v1/tickets/"+a+"?wait=25s&since=2")
	n.want(204, n.call("DELETE", "/v1/tickets/"+b, ""))
	n.want(204, n.call("DELETE", "/v1/tickets/"+b, ""))
	if got := <-news; got.text("state") != "waiting" || got.at("version") != json.Number("3") || got.at("match") != nil {
		t.Errorf("got %s", got.raw)
	}
	gone := n.want(200, n.call("GET", path, ""))
	if gone.text("state") != "cancelled" || gone.text("players.1.player") != "bob" {
		t.Errorf("got %s", gone.raw)
	}
	if got := n.want(410, n.call("POST", path+"/accept", `{"player":"alice"}`)); got.text("code") != "match_gone" {
		t.Errorf("got %s", got.raw)
	}
	if got := n.want(200, n.call("POST", path+"/decline", `{"player":"bob"}`)); got.text("state") != "cancelled" {
		t.Errorf("a repeated decline: %s", got.raw)
	}
	if got := n.want(200, n.call("GET", "/v1/tickets/"+b, "")); got.text("reason") != "declined" {
		t.Errorf("got %s", got.raw)
	}
}
