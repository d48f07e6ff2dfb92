package e2e_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestBrokenConnectionLeavesTheQueue(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--grace", "30ms", "--interval", "1h")
	s := n.dial()
	id := s.create(`"q"`, `"alice"`)
	byHTTP := n.post("q", `"bob"`)
	other := n.dial()
	other.send(`{"event":"connection_queue","data":{"userId":"bob"},"id":1}`)
	other.told("PUSHED_TO_QUEUE", byHTTP.text("id")) // though a ticket made by HTTP does not belong to the connection
	other.expect("ack")
	_ = other.conn.Close()
	_ = s.conn.Close()
	if got := n.wait(id); got.text("state") != "cancelled" {
		t.Errorf("got %s", got.raw)
	}
	if got := n.call("GET", "/v1/tickets/"+byHTTP.text("id"), ""); got.text("state") != "waiting" {
		t.Errorf("got %s", got.raw)
	}
}

func TestReconnectKeepsThePlace(t *testing.T) {
	t.Parallel()
	var n *testNode
	var again *socket
	var id string
	inTime(t, 100*time.Millisecond, func(grace time.Duration) (before time.Time, ok bool) {
		n = start(t, matchqtest.Embedded(t), "--grace", grace.String(), "--interval", "1h")
		s := n.dial()
		id = s.create(`"q"`, "17")
		before = time.Now()
		_ = s.conn.Close()
		again = n.dial()
		return before, again.finds(`"17"`, id)
	})
	// Another player's later grace has passed, so the first one's has too.
	other := n.dial()
	otherID := other.create(`"q"`, `"other"`)
	_ = other.conn.Close()
	n.wait(otherID)
	if got := n.call("GET", "/v1/tickets/"+id, ""); got.text("state") != "waiting" {
		t.Errorf("got %s", got.raw)
	}
	// The new connection has taken over: when it breaks too, the ticket is cancelled.
	_ = again.conn.Close()
	if got := n.wait(id); got.text("state") != "cancelled" {
		t.Errorf("got %s", got.raw)
	}
}

func TestReconnectHearsOfTheMatchItMissed(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n, elsewhere := start(t, env), start(t, env)
	for _, c := range []struct {
		player string // another one each time, since Redis learns late which messages a client has got
		node   *testNode
		send   string
	}{
		{"connects", n, `{"event":"connection_queue","data":{"userId":"connects"},"id":1}`},
		{"queues", n, `{"event":"create_general_game_match","data":{"userId":"queues","questionaireId":"q"},"id":1}`},
		{"elsewhere", elsewhere, `{"event":"connection_queue","data":{"userId":"elsewhere"},"id":1}`},
	} {
		t.Run(c.player, func(t *testing.T) {
			s := n.dial()
			id := s.create(`"q"`, `"`+c.player+`"`)
			_ = s.conn.Close()
			n.post("q", `"bob"`)
			match := n.wait(id).text("match.id")
			again := c.node.dial()
			again.send(c.send)
			if f := again.status("MATCHED"); f.text("data.matchId") != match || match == "" {
				t.Errorf("got %v, want match %s", f, match)
			}
			again.expect("ack")
			again.send(`{"event":"connection_queue","id":2}`)
			again.expect("ack") // no repeat
			again.create(`"q"`, `"`+c.player+`"`)
			n.post("q", `"bob"`)
			again.status("MATCHED")
		})
	}
}

func TestSecondConnectionReplacesTheFirst(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--grace", "10ms")
	first := n.dial()
	id := first.create(`"q"`, "17")
	second := n.dial()
	second.send(`{"event":"connection_queue","data":{"userId":"17"}}`)
	if f := second.status("PUSHED_TO_QUEUE"); f.text("data.ticketId") != id {
		t.Errorf("got %v", f)
	}
	first.expectClose(4409)
	n.post("q", `"bob"`)
	second.status("MATCHED")
}

func TestConnectionIsOnePlayers(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	s := n.dial()
	s.send(`{"event":"create_general_game_match","data":{"questionaireId":"q"},"id":1}`)
	if f := s.expect("error"); f.text("data.code") != "invalid" {
		t.Errorf("got %v", f)
	}
	s.send(`{"event":"connection_queue","data":{"userId":"alice"},"id":1}`)
	s.expect("ack")
	s.send(`{"event":"create_general_game_match","data":{"userId":"bob","questionaireId":"q"},"id":[2]}`)
	if f := s.expect("error"); f.text("data.code") != "forbidden" || f["id"] == nil {
		t.Errorf("got %v", f)
	}
	if got := n.stats(); got.Enqueued != 0 {
		t.Errorf("stats are %+v", got)
	}
}
