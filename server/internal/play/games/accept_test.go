package games

import (
	"runtime"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// patient are times with long invitations.
func patient() quiz.Config {
	c := fast
	c.Resend = time.Minute
	return c
}

// waits queues players in an otherwise empty queue.
func (s *server) waits(players ...string) {
	s.t.Helper()
	for _, player := range players {
		if _, err := s.m.Enqueue(s.t.Context(), matchq.Request{Queue: "for " + player, Player: player}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// stateOf returns the state of a player's ticket.
func (s *server) stateOf(player string) matchq.State {
	s.t.Helper()
	ticket, err := s.m.TicketOf(s.t.Context(), player)
	s.must(err)
	return ticket.State
}

// The inviter leaves between the steps of accepting: either there is a game, and they forfeit it, or both keep their tickets.
func TestInviterLeavesDuringAccept(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		watchSteps(env)
		s := serve(t, env, patient())
		a, b := s.arrive("a"), s.arrive("b")
		for n := 1; ; n++ {
			s.waits("a", "b")
			room := s.invites(a, "b")
			ctx, steps := after(t.Context(), n, func() { s.must(s.Leave(t.Context(), room, a)) })
			_, err := s.Accept(ctx, room, b)
			if !steps.happened() {
				if n < 4 {
					t.Errorf("only %d steps", n)
				}
				return
			}
			want := matchq.Cancelled
			if err != nil {
				wantCode(t, err, wire.CodeExpired)
				want = matchq.Waiting
			} else if over := s.hears("b", "game_over"); over["roomId"] != room || over["reason"] != "forfeit" {
				t.Errorf("after step %d: %v", n, over)
			}
			for _, player := range []string{"a", "b"} {
				if got := s.stateOf(player); got != want {
					t.Fatalf("after step %d, accepting: %v, the ticket of %s is %v, not %v", n, err, player, got, want)
				}
			}
			s.must(s.m.Withdraw(t.Context(), "test", time.Now().Add(time.Hour), "a", "b"))
		}
	})
}

// The node dies between the steps of accepting: after some time the invitation is open again, if there is no game.
func TestNodeDiesDuringAccept(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		watchSteps(env)
		short := patient()
		short.ClaimTimeout = 100 * time.Millisecond
		s, dying := serve(t, env, patient()), serve(t, env, short)
		a, b := s.arrive("a"), s.arrive("b")
		for n := 1; ; n++ {
			room := s.invites(a, "b")
			ctx, steps := after(t.Context(), n, runtime.Goexit)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = dying.Accept(ctx, room, b)
			}()
			<-ended
			if !steps.happened() {
				return
			}
			matchqtest.Eventually(t, "the claim is over", func() bool {
				found, _, err := s.load(t.Context(), room)
				return err == nil && found.Claimed == 0
			})
			if n%2 == 0 {
				_, err := s.Accept(t.Context(), room, b)
				s.must(err)
			}
			s.must(s.Leave(t.Context(), room, a))
			if again := s.invites(a, "b"); again == room {
				t.Fatalf("after step %d the pair is locked", n)
			} else {
				s.must(s.Leave(t.Context(), again, a))
			}
		}
	})
}

// A player who was matched meanwhile is busy, and the invitation is open again at once.
func TestBusyReopensTheInvitation(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, patient())
		a, b := s.arrive("a"), s.arrive("b")
		s.arrive("c")
		room := s.invites(a, "b")
		s.match("history", "a", "c")
		s.waits("b")
		_, err := s.Accept(t.Context(), room, b)
		wantCode(t, err, wire.CodePlayerBusy)
		if found, _, err := s.load(t.Context(), room); err != nil || found.Phase != quiz.Invited || found.Claimed != 0 {
			t.Errorf("%+v, %v", found, err)
		}
		if got := s.stateOf("b"); got != matchq.Waiting {
			t.Errorf("the ticket is %v", got)
		}
		s.must(s.Leave(t.Context(), room, a))
		s.hears("b", "friend_request_declined")
	})
}

// The inviter's connection is lost when the friend accepts.
func TestInviterIsAway(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		long := patient()
		long.Grace = time.Minute
		s := serve(t, env, long)
		a, b := s.arrive("a"), s.arrive("b")
		room := s.invites(a, "b")
		s.leave(a)
		_, err := s.Accept(t.Context(), room, b)
		s.must(err)
		if got := s.hears("b", "opponent_away"); got["graceMs"].(float64) <= 0 || got["graceMs"].(float64) > 60_000 {
			t.Errorf("%v", got)
		}
		s.arrive("a")
		s.hears("b", "opponent_back")

		// No node has noticed that they are away: their node has died, say.
		s.must(s.Leave(t.Context(), room, b))
		unheard := s.unheard()
		a = s.arriveAt(unheard, "a")
		room = s.invites(a, "b")
		s.leaveAt(unheard, a)
		_, err = s.Accept(t.Context(), room, b)
		s.must(err)
		s.hears("b", "opponent_away")
	})
}
