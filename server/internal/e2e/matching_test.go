package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestTwoPostsAreMatched(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env)
		a, b := n.post("quiz%3Ahistory", `"alice"`), n.post("quiz%3Ahistory", `"bob"`)
		if a.text("queue") != "quiz:history" || a.header.Get("Location") != "/v1/tickets/"+a.text("id") {
			t.Errorf("got %s at %s", a.raw, a.header.Get("Location"))
		}
		a, b = n.wait(a.text("id")), n.wait(b.text("id"))
		if a.text("state") != "matched" || a.text("match.id") == "" || a.text("match.id") != b.text("match.id") {
			t.Fatalf("got %s and %s", a.raw, b.raw)
		}
		m := n.want(200, n.call("GET", "/v1/matches/"+a.text("match.id"), ""))
		if m.text("players.0.player") != "alice" || m.text("players.1.player") != "bob" {
			t.Errorf("got %s", m.raw)
		}
	})
}

func TestTwoSocketsAreMatched(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env)
		a, b := n.dial(), n.dial()
		a.send(`{"event":"check_socket_id","id":"x"}`)
		sid := a.expect("notify_socket_id").text("data.sid")
		if ack := a.expect("ack"); ack["id"] != "x" || ack.text("data.sid") != sid {
			t.Errorf("got %v", ack)
		}
		a.send(`{"event":"create_general_game_match","data":{"userId":"alice","questionaireId":7,"attributes":{"x": 1}},"id":1}`)
		pushed := a.status("PUSHED_TO_QUEUE")
		if pushed.at("data.queue") != json.Number("7") || pushed.at("data.waiting") == nil {
			t.Errorf("got %v", pushed)
		}
		if ack := a.expect("ack"); ack["id"] != json.Number("1") || ack.text("data.status") != "PUSHED_TO_QUEUE" {
			t.Errorf("got %v", ack)
		}
		b.create(`"7"`, "17")
		forA, forB := a.status("MATCHED"), b.status("MATCHED")
		for _, f := range []object{forA, forB} {
			users := []any{f.at("data.user1.id"), f.at("data.user2.id")}
			if users[0] != "alice" || users[1] != json.Number("17") {
				t.Errorf("users are %v", users)
			}
			if f.text("data.user1.sid") != sid || f.at("data.user1.attributes.x") != json.Number("1") {
				t.Errorf("got %v", f)
			}
			if q, ok := f.at("data.question").([]any); !ok || len(q) != 0 {
				t.Errorf("got %v", f)
			}
		}
		if forA.at("data.questionaireId") != json.Number("7") || forB.at("data.questionaireId") != "7" {
			t.Errorf("ids of the questionnaire: %v and %v", forA, forB)
		}
		if forA.text("data.matchId") == "" || forA.text("data.matchId") != forB.text("data.matchId") || forA.text("data.roomId") == "" {
			t.Errorf("got %v and %v", forA, forB)
		}
		a.quiet()
	})
}

func TestSocketAndPostAreMatched(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env)
		a := n.dial()
		a.create(`"q"`, "17")
		b := n.post("q", "18")
		f := a.status("MATCHED")
		if f.at("data.user1.id") != json.Number("17") || f.at("data.user2.id") != json.Number("18") || f.at("data.user2.sid") != "" {
			t.Errorf("got %v", f)
		}
		if got := n.wait(b.text("id")); got.at("player") != json.Number("18") || got.at("match.players.0.player") != json.Number("17") {
			t.Errorf("got %s", got.raw)
		}
	})
}

func TestMatchesOfThree(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--match-size", "3")
	a, b, c := n.dial(), n.dial(), n.dial()
	for i, s := range []*socket{a, b, c} {
		s.create(`"q"`, fmt.Sprint(i+1))
	}
	for _, s := range []*socket{a, b, c} {
		if f := s.status("MATCHED"); f.at("data.user3.id") != json.Number("3") {
			t.Errorf("got %v", f)
		}
	}
}

// Without a window the reply is sent after the match is made: it must still come first.
func TestQueuedComesBeforeMatched(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "0")
	const players = 40
	sockets := make([]*socket, players)
	for i := range sockets {
		sockets[i] = n.dial()
	}
	for i, s := range sockets {
		s.send(fmt.Sprintf(`{"event":"create_general_game_match","data":{"userId":%d,"questionaireId":"q"},"id":1}`, i))
	}
	for _, s := range sockets {
		s.status("PUSHED_TO_QUEUE")
		s.expect("ack")
		s.status("MATCHED")
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	s := n.dial()
	id := s.create(`"history"`, "17")
	got := n.want(409, n.call("POST", "/v1/queues/music/tickets", `{"player":"17"}`))
	if got.text("code") != "already_queued" || got.text("ticket.id") != id || got.at("ticket.player") != json.Number("17") {
		t.Errorf("got %s", got.raw)
	}
	s.send(`{"event":"create_general_game_match","data":{"questionaireId":"music"}}`)
	if f := s.status("DUPLICATED_USER_ID"); f.text("data.ticketId") != id || f.text("data.queue") != "history" {
		t.Errorf("got %v", f)
	}
	if got := n.stats(); got.Enqueued != 1 || got.Waiting != 1 {
		t.Errorf("stats are %+v", got)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	s := n.dial()
	cancel := func() object {
		s.send(`{"event":"cancel_request_general_match","data":{"userId":"alice"}}`)
		return s.expect("cancel_request_general_match_status")
	}
	if f := cancel(); f.text("data.status") != "NO_PLAYER_IN_QUEUE" {
		t.Errorf("got %v", f)
	}
	id := s.create(`"q"`, `"alice"`)
	if f := cancel(); f.text("data.status") != "CANCEL_REQUEST_COMPLETE" {
		t.Errorf("got %v", f)
	}
	if f := cancel(); f.text("data.status") != "NO_PLAYER_IN_QUEUE" {
		t.Errorf("got %v", f)
	}
	if got := n.wait(id); got.text("state") != "cancelled" {
		t.Errorf("got %s", got.raw)
	}
	s.quiet() // the client knows the match already

	id = s.create(`"q"`, `"alice"`)
	n.want(204, n.call("DELETE", "/v1/tickets/"+id, ""))
	n.want(204, n.call("DELETE", "/v1/tickets/"+id, ""))
	if f := s.status("CANCELLED"); f.text("data.ticketId") != id || f.text("data.reason") != "requested" {
		t.Errorf("got %v", f)
	}

	id = s.create(`"q"`, `"alice"`)
	n.post("q", `"bob"`)
	match := s.status("MATCHED").text("data.matchId")
	if f := cancel(); f.text("data.status") != "ALREADY_MATCHED" || f.text("data.matchId") != match {
		t.Errorf("got %v", f)
	}
	got := n.want(409, n.call("DELETE", "/v1/tickets/"+id, ""))
	if got.text("code") != "already_matched" || got.text("match.id") != match {
		t.Errorf("got %s", got.raw)
	}
	n.want(404, n.call("DELETE", "/v1/tickets/nobody", ""))
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--ticket-ttl", "30ms")
	s := n.dial()
	id := s.create(`"q"`, `"alice"`)
	s.status("EXPIRED")
	if got := n.want(410, n.call("DELETE", "/v1/tickets/"+id, "")); got.text("code") != "expired" {
		t.Errorf("got %s", got.raw)
	}
	long := n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"bob","ttl_ms":60000}`))
	n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"carol","ttl_ms":60000}`))
	if got := n.wait(long.text("id")); got.text("state") != "matched" {
		t.Errorf("got %s", got.raw)
	}
}

func TestQueuesAndStats(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.dial()
	s.create(`"a"`, "1")
	n.post("a", "2")
	n.post("b%2Fc", "3") // a slash in a name
	matchqtest.Eventually(t, "both queues are listed, which may take a second", func() bool {
		got := n.want(200, n.call("GET", "/v1/queues", ""))
		return got.at("queues.0.waiting") == json.Number("2") && got.text("queues.1.name") == "b/c"
	})
	s.send(`{"event":"get_connection_status"}`)
	f := s.expect("connection_status")
	if f.at("data.a") != json.Number("2") || f["data"].(map[string]any)["b/c"] != json.Number("1") {
		t.Errorf("got %v", f)
	}
	got := n.want(200, n.call("GET", "/v1/queues/b%2Fc", ""))
	if got.text("name") != "b/c" || got.at("waiting") != json.Number("1") || got.at("next_tick_ms") == nil || got.at("paused") != false {
		t.Errorf("got %s", got.raw)
	}
	if got := n.want(200, n.call("GET", "/v1/stats", "")); got.at("waiting") != json.Number("3") || got.at("queues") != json.Number("2") {
		t.Errorf("got %s", got.raw)
	}
	if err := n.matcher.Pause(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	paused := n.want(503, n.call("POST", "/v1/queues/p/tickets", `{"player":9}`))
	if paused.text("code") != "queue_paused" || paused.header.Get("Retry-After") == "" {
		t.Errorf("got %s", paused.raw)
	}
}

func TestTwoNodes(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n1, n2 := start(t, env), start(t, env)
	a, b := n1.dial(), n2.dial()
	a.create(`"q"`, "17")
	b.create(`"q"`, `"bob"`)
	forA, forB := a.status("MATCHED"), b.status("MATCHED")
	for _, f := range []object{forA, forB} {
		if f.at("data.user1.id") != json.Number("17") || f.at("data.user2.id") != "bob" || f.text("data.user2.sid") == "" {
			t.Errorf("got %v", f)
		}
	}
	long := n1.post("q", `"carol"`)
	n1.post("q", `"dave"`)
	if got := n2.wait(long.text("id")); got.text("state") != string(matchq.Matched) {
		t.Errorf("by the other node: %s", got.raw)
	}
}
