package e2e_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Players were told of their match, and then Redis is an older state in which they wait. They are not matched again: the
// tickets are cancelled, and they hear that the match is lost.
func TestAMatchThatAStaleReplicaDoesNotHave(t *testing.T) {
	t.Parallel()
	server := matchqtest.Start(t)
	env := &matchqtest.Env{Client: server.Client(t), URL: "redis://" + server.Addr, Namespace: "stale", Server: server}
	n := start(t, env, "--interval", "1h")
	alice, bob := n.dial(), n.dial()
	ids := []string{alice.create(`"q"`, `"alice"`), bob.create(`"q"`, `"bob"`)}
	failover := server.Snapshot(t)
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	room := alice.status("MATCHED").text("data.roomId")
	bob.status("MATCHED")
	failover()
	for _, s := range []*socket{alice, bob} {
		if f := s.hears("game_over"); f.text("data.roomId") != room || f.text("data.reason") != quiz.Lost {
			t.Errorf("got %v", f)
		}
	}
	for _, id := range ids {
		matchqtest.Eventually(t, "the ticket is cancelled", func() bool {
			got := n.call("GET", "/v1/tickets/"+id, "")
			return got.text("state") == "cancelled" && got.text("reason") == quiz.Lost
		})
	}
}

// Players were told of the end of a game, and have played others since. Then Redis is an older state in which that game is
// open. It is ended again, also if they have come back on other connections: they are busy with no game.
func TestAGameThatIsOpenAgain(t *testing.T) {
	t.Parallel()
	server := matchqtest.Start(t)
	env := &matchqtest.Env{Client: server.Client(t), URL: "redis://" + server.Addr, Namespace: "again", Server: server}
	n := start(t, env)
	a, b := n.online(`"a"`), n.online(`"b"`)
	room := befriend(a, b, "b")
	failover := server.Snapshot(t)
	last := room
	for range 10 { // more than a connection keeps
		a.emit("end_game_playing", object{"roomId": last})
		b.hears("game_over")
		last = befriend(a, b, "b")
	}
	a.emit("end_game_playing", object{"roomId": last})
	b.hears("game_over")
	a, b = n.online(`"a"`), n.online(`"b"`)
	failover()
	for _, s := range []*socket{a, b} {
		if got := s.hears("game_over"); got.text("data.roomId") != room || got.text("data.reason") != quiz.Lost {
			t.Errorf("got %v", got)
		}
	}
	befriend(a, b, "b")
}

// A game that has ended is not told as lost, nor one that a player has left for another queue, nor an answered invitation.
func TestWhatIsOverIsNotLost(t *testing.T) {
	t.Parallel()
	server := matchqtest.Start(t)
	env := &matchqtest.Env{Client: server.Client(t), URL: "redis://" + server.Addr, Namespace: "over", Server: server}
	n := start(t, env, "--interval", "1h")
	a, b := n.online(`"a"`), n.online(`"b"`)
	room := befriend(a, b, "b")
	a.emit("end_game_playing", object{"roomId": room})
	b.hears("game_over")
	c, d := n.online(`"c"`), n.online(`"d"`)
	c.emit("request_friend_game_matching", object{"friendUserId": "d"})
	d.emit("decline_friend_request", object{"roomId": d.hears(quiz.InvitationEvent).text("data.roomId")})
	c.hears("friend_request_declined")
	lost := n.dial() // is told last: tickets are looked up before rooms, so it asks for all rooms afterwards
	lost.create(`"q"`, `"lost"`)
	e, f := n.online(`"e"`), n.online(`"f"`)
	befriend(e, f, "f")
	if err := env.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	lost.status("CANCELLED")
	for _, s := range []*socket{e, f} {
		if got := s.hears("game_over"); got.text("data.reason") != quiz.Lost {
			t.Errorf("got %v", got)
		}
	}
	for name, s := range map[string]*socket{"a": a, "b": b, "c": c, "d": d} {
		s.send(`{"event":"check_socket_id"}`)
		for {
			got := s.next("notify_socket_id")
			if got.text("data.reason") == quiz.Lost {
				t.Errorf("%s was told %v", name, got)
			}
			if got["event"] == "notify_socket_id" {
				break
			}
		}
	}
}
