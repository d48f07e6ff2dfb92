package games

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// A friend accepts an older invitation late: the inviter's new game goes on, nobody loses a place in a queue, and the
// invitation stays open.
func TestLateAcceptForfeitsNothing(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, lasting())
		a, b, c := s.arrive("a"), s.arrive("b"), s.arrive("c")
		older := s.invites(a, "b")
		newer := s.invites(c, "a")
		_, err := s.Accept(t.Context(), newer, a)
		s.must(err)
		s.waits("b")
		for range 2 {
			_, err = s.Accept(t.Context(), older, b)
			wantCode(t, err, wire.CodePlayerBusy)
		}
		if found, _, err := s.load(t.Context(), newer); err != nil || found.Phase != quiz.Open || s.count("c", "game_over") > 0 {
			t.Errorf("%+v, %v", found, err)
		}
		if got := s.stateOf("b"); got != matchq.Waiting {
			t.Errorf("the ticket of b is %v", got)
		}
		s.must(s.Leave(t.Context(), newer, a))
		_, err = s.Accept(t.Context(), older, b)
		s.must(err)
	})
}

// The inviter begins another game between the steps of accepting: that one goes on, and so does only one of the two if
// the inviter has accepted it.
func TestInviterIsBusyDuringAccept(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		watchSteps(env)
		s := serve(t, env, lasting())
		a, b, c := s.arrive("a"), s.arrive("b"), s.arrive("c")
		for n := 1; ; n++ {
			older, newer := s.invites(a, "b"), s.invites(c, "a")
			ctx, steps := after(t.Context(), n, func() {
				_, err := s.Accept(t.Context(), newer, a)
				s.must(err)
			})
			_, err := s.Accept(ctx, older, b)
			if !steps.happened() {
				return
			}
			one, _, err1 := s.load(t.Context(), older)
			two, _, err2 := s.load(t.Context(), newer)
			s.must(err1)
			s.must(err2)
			switch {
			case two.Phase != quiz.Open:
				t.Fatalf("after step %d the game that a has accepted is %s: %s", n, two.Phase, two.Reason)
			case err != nil:
				wantCode(t, err, wire.CodePlayerBusy)
				if one.Phase != quiz.Invited || one.Claimed != 0 {
					t.Fatalf("after step %d the invitation is %s, claimed until %d", n, one.Phase, one.Claimed)
				}
			case one.Reason != quiz.Forfeit:
				t.Fatalf("after step %d a plays two games: %+v", n, one)
			}
			for _, room := range []string{older, newer} {
				s.must(s.Leave(t.Context(), room, a))
			}
		}
	})
}

// All nodes are away for longer than the grace. The players come back one by one, and play on.
func TestAllNodesWereAway(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		config := fast
		config.Grace = time.Second // both leave within that
		s := serve(t, env, config)
		two := s.restarted(env, fast, func(room string) {
			a, b := s.arrive("a"), s.arrive("b")
			s.must(s.Start(t.Context(), room, a, quiz.Wish{}))
			s.leave(a)
			s.leave(b)
		})
		two.arrive("b")
		two.hears("b", "opponent_away")
		two.arrive("a")
		two.hears("b", "opponent_back")
		if over := two.count("a", "game_over") + two.count("b", "game_over"); over > 0 {
			t.Error("the game is over")
		}
	})
}

// The same, and the nodes did not notice that the players were away.
func TestAllNodesDied(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, brief())
		unheard := s.unheard()
		config := fast
		config.Grace = time.Second // b comes within that
		two := s.restarted(env, config, func(room string) {
			a, b := s.arriveAt(unheard, "a"), s.arriveAt(unheard, "b")
			s.must(s.Start(t.Context(), room, a, quiz.Wish{}))
			s.leaveAt(unheard, a)
			s.leaveAt(unheard, b)
		})
		two.must(two.PlayerGone(t.Context(), "a"))
		two.arrive("b")
		two.hears("b", "opponent_away")
		if over := two.hears("b", "game_over"); over["reason"] != quiz.Forfeit || len(over["forfeitedBy"].([]any)) != 1 || over["forfeitedBy"].([]any)[0] != "a" {
			t.Errorf("%v", over)
		}
	})
}

// Nobody comes back, so nobody wins.
func TestNobodyComesBack(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, brief())
		var room string
		two := s.restarted(env, brief(), func(id string) {
			room = id
			a, b := s.arrive("a"), s.arrive("b")
			s.must(s.Start(t.Context(), room, a, quiz.Wish{}))
			s.leave(a)
			s.leave(b)
		})
		matchqtest.Eventually(t, "the game is over", func() bool {
			found, _, err := two.load(t.Context(), room)
			return err == nil && found.Phase == quiz.Over && found.Reason == quiz.Void
		})
		for _, player := range []string{"a", "b"} {
			messages, _, err := two.p.Mailbox(t.Context(), player, "0-0")
			two.must(err)
			if last := messages[len(messages)-1]; last.Event != "game_over" || string(last.Data) == "" {
				t.Errorf("%s: %+v", player, last)
			}
		}
	})
}

// restarted begins a match, stops this node, and starts another one with other times when the grace of its players is over.
func (s *server) restarted(env *matchqtest.Env, config quiz.Config, act func(room string)) *server {
	s.t.Helper()
	room := s.match("history", "a", "b")
	act(room)
	s.stop()
	matchqtest.Eventually(s.t, "the grace is over", func() bool { return s.graceIsOver(room) })
	return serve(s.t, env, config)
}

// graceIsOver reports whether all players of a room have been away for the grace, by Redis's clock.
func (s *server) graceIsOver(room string) bool {
	found, stored, err := s.load(s.t.Context(), room)
	s.must(err)
	connections, err := s.p.Online(s.t.Context(), found.Names()...)
	s.must(err)
	for i, p := range found.Players {
		if connections[i] != nil || p.Away > stored.Now.UnixMilli() {
			return false
		}
	}
	return true
}

// A player who has waited long enough for the other to start may leave.
func TestWaitedLongEnough(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		config := lasting()
		config.StartWait = 200 * time.Millisecond
		s := serve(t, env, config)
		a := s.arrive("a")
		s.arrive("b")
		room := s.match("history", "a", "b")
		s.must(s.Start(t.Context(), room, a, quiz.Wish{}))
		matchqtest.Eventually(t, "a has waited long enough", func() bool {
			found, stored, err := s.load(t.Context(), room)
			s.must(err)
			return stored.Now.UnixMilli()-found.Players[0].StartedAt >= config.StartWait.Milliseconds()
		})
		s.elsewhere("a")
		if over := s.hears("b", "game_over"); over["reason"] != quiz.Void || over["forfeitedBy"] != nil {
			t.Errorf("%v", over)
		}
	})
}
