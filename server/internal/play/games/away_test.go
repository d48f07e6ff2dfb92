package games

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

func TestAwayAndBack(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two, impatient := serve(t, env, fast), serve(t, env, fast), serve(t, env, brief())
		a, b := one.arrive("a"), one.arrive("b")
		room := one.match("history", "a", "b")
		_, err := one.Request(t.Context(), room, a, quiz.Wish{})
		one.must(err)
		one.leave(b)
		if got := one.hears("a", "opponent_away"); got["graceMs"] != float64(fast.Grace.Milliseconds()) {
			t.Errorf("%v", got)
		}
		two.arrive("b")
		one.hears("a", "opponent_back")
		two.must(two.PlayerAway(t.Context(), "b")) // for the old connection, by its node
		impatient.must(impatient.change(t.Context(), room, func(turn *quiz.Change) error {
			turn.SetAway("b") // the same, just before they reconnected
			return nil
		}))
		one.hears("a", "opponent_away")
		one.hears("a", "opponent_back") // their presence is checked before they lose
	})
}

func TestAwayForTooLong(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, brief())
		a, _ := s.arrive("a"), s.arrive("b")
		room := s.match("history", "a", "b")
		_, err := s.Request(t.Context(), room, a, quiz.Wish{})
		s.must(err)
		s.leave(a)
		s.hears("b", "opponent_away")
		if over := s.hears("b", "game_over"); over["reason"] != "forfeit" {
			t.Errorf("%v", over)
		}
	})
}

// The node that serves both dies in the middle of a game, and they continue at the other.
func TestNodeDiesAndTheGameGoesOn(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := serve(t, env, fast), serve(t, env, fast)
		a, b := one.arrive("a"), one.arrive("b")
		room := one.match("history", "a", "b")
		one.must(one.Start(t.Context(), room, a, quiz.Wish{Limit: 2}))
		one.must(one.Start(t.Context(), room, b, quiz.Wish{}))
		one.hears("a", "question_started")
		one.stop()
		two.arrive("a")
		b = two.arrive("b")
		state, err := two.State(t.Context(), "a")
		if err != nil || state.Room == nil || state.Room.RoomID != room || state.Room.Of != 2 {
			t.Fatalf("%+v, %v", state, err)
		}
		two.timeIsUp(room)
		two.hears("a", "question_closed")
		q := two.hears("b", "question_started")["question"].(map[string]any)
		item := wire.ID{Name: q["id"].(string)}
		_, err = two.Answer(t.Context(), room, b, item, json.RawMessage("0"))
		two.must(err)
		two.timeIsUp(room)
		two.hears("a", "question_closed")
		if over := two.hears("a", "game_over"); over["reason"] != "finished" {
			t.Errorf("%v", over)
		}
	})
}

func TestOnlyPlayersPlay(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, fast)
		a, _, c := s.arrive("a"), s.arrive("b"), s.arrive("c")
		s.arrive("d")
		room := s.match("history", "a", "b")
		try := func(id string) {
			t.Helper()
			all := s.tries(id, c)
			for what, err := range s.tries("friend-unheard-of", c) {
				wantCode(t, all[what], wire.CodeNotFound)
				if all[what] != nil && all[what].Error() != err.Error() {
					t.Errorf("%s in %s: %v; without a room: %v", what, id, all[what], err)
				}
			}
		}
		try(room)
		if _, err := s.rooms.Get(t.Context(), room); !errors.Is(err, matchq.ErrNotFound) {
			t.Error("a stranger has opened the room:", err)
		}
		_, err := s.Request(t.Context(), room, a, quiz.Wish{})
		s.must(err)
		s.invites(a, "d")
		_, err = s.rooms.Change(t.Context(), rooms.Change{ID: "friend-broken", Doc: []byte("{"), Keep: time.Minute})
		s.must(err)
		lock := pairName("a", "d")
		if _, err := s.rooms.Get(t.Context(), lock); err != nil {
			t.Error("there is no lock to try:", err)
		}
		for _, id := range []string{room, "room-1-2-3", "room-", "x", "pair-x", lock, "friend-broken", "friend-\x00", ""} {
			try(id)
		}
	})
}

// tries makes a player do everything in a room.
func (s *server) tries(id string, who quiz.Participant) map[string]error {
	ctx := s.t.Context()
	all := map[string]error{"start": s.Start(ctx, id, who, quiz.Wish{}), "leave": s.Leave(ctx, id, who)}
	_, all["request"] = s.Request(ctx, id, who, quiz.Wish{})
	_, all["answer"] = s.Answer(ctx, id, who, wire.ID{Name: "history-1"}, json.RawMessage("0"))
	_, all["accept"] = s.Accept(ctx, id, who)
	_, all["decline"] = s.Decline(ctx, id, who)
	return all
}

func TestUnknownQuestionnaire(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, fast)
		a, b := s.arrive("a"), s.arrive("b")
		room := s.match("unheard of", "a", "b")
		_, err := s.Request(t.Context(), room, a, quiz.Wish{})
		wantCode(t, err, wire.CodeNotFound)
		s.elsewhere("a")
		wantCode(t, s.Start(t.Context(), room, b, quiz.Wish{Limit: questions.MaxLimit + 1}), wire.CodeInvalid)
	})
}

// elsewhere makes a player do something else.
func (s *server) elsewhere(player string) {
	s.t.Helper()
	seats, err := s.rooms.Of(s.t.Context(), player, quiz.SeatPlaying)
	s.must(err)
	s.ForfeitFor(s.t.Context(), player, seats)
}

// A player who plays elsewhere forfeits open games, and only those.
func TestElsewhere(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		long := fast
		long.Resend = time.Minute
		s := serve(t, env, long)
		a, b := s.arrive("a"), s.arrive("b")
		s.arrive("c")
		room := s.match("history", "a", "b")
		_, err := s.Request(t.Context(), room, b, quiz.Wish{})
		s.must(err)
		invitation := s.invites(a, "c")
		s.elsewhere("a")
		if over := s.hears("b", "game_over"); over["reason"] != "forfeit" || over["roomId"] != room {
			t.Errorf("%v", over)
		}
		if state, err := s.State(t.Context(), "c"); err != nil || len(state.Invitations) != 1 || state.Invitations[0]["roomId"] != invitation {
			t.Errorf("%+v, %v", state, err)
		}
	})
}

// An opponent who is not there when a room opens has the grace period to connect.
func TestOpponentWhoNeverCame(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, brief())
		a := s.arrive("a")
		room := s.match("history", "a", "b")
		_, err := s.Request(t.Context(), room, a, quiz.Wish{})
		s.must(err)
		s.hears("a", "opponent_away")
		if over := s.hears("a", "game_over"); over["reason"] != "forfeit" {
			t.Errorf("%v", over)
		}
	})
}

// The library refuses an answer that is written after the deadline, however early it was read.
func TestAnswerThatTakesTooLong(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, fast)
		a, b := s.arrive("a"), s.arrive("b")
		room := s.match("history", "a", "b")
		s.must(s.Start(t.Context(), room, a, quiz.Wish{}))
		s.must(s.Start(t.Context(), room, b, quiz.Wish{}))
		q := s.hears("a", "question_started")["question"].(map[string]any)
		err := s.act(t.Context(), room, a, func(turn *quiz.Change) error {
			if _, err := turn.Answer("a", wire.ID{Name: q["id"].(string)}, json.RawMessage("0")); err != nil {
				return err
			}
			turn.NotAfter = turn.Now - 1
			return nil
		})
		wantCode(t, err, wire.CodeTooLate)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Leave(ctx, room, a); err == nil {
			t.Error("nobody waited for it")
		}
	})
}

// A corrupt room is dropped, and does not block the release of others.
func TestBrokenRoom(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, fast)
		a := s.arrive("a")
		_, err := s.rooms.Change(t.Context(), rooms.Change{
			ID: "friend-x", Doc: []byte("{"), Keep: time.Minute, WakeAt: time.Now().Add(time.Hour), Seats: []rooms.Seat{{Player: "a", Kind: quiz.SeatPlaying}},
		})
		s.must(err)
		s.must(s.PlayerGone(t.Context(), "a"))
		wantCode(t, s.Leave(t.Context(), "friend-x", a), wire.CodeNotFound)
		_, err = s.rooms.Change(t.Context(), rooms.Change{
			ID: "friend-x", Version: 1, Doc: []byte("{"), Keep: time.Minute, WakeAt: time.UnixMilli(1),
		})
		s.must(err)
		matchqtest.Eventually(t, "the room is dropped", func() bool {
			_, err := s.rooms.Get(t.Context(), "friend-x")
			return errors.Is(err, matchq.ErrNotFound)
		})
	})
}

// A player reconnects between the steps that declare them away.
func TestBackWhileLost(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		watchSteps(env)
		config := fast
		config.Grace = matchqtest.Patience
		s := serve(t, env, config)
		unheard := s.unheard()
		a := s.arrive("a")
		s.arrive("b")
		room := s.match("history", "a", "b")
		_, err := s.Request(t.Context(), room, a, quiz.Wish{})
		s.must(err)
		for n := 1; ; n++ {
			s.leaveAt(unheard, s.arriveAt(unheard, "b"))
			ctx, steps := after(t.Context(), n, func() { s.arrive("b") })
			s.must(s.PlayerAway(ctx, "b"))
			if !steps.happened() {
				return
			}
			if found, _, err := s.load(t.Context(), room); err != nil || found.Players[1].Away != 0 {
				t.Fatalf("back after step %d, and away: %+v, %v", n, found, err)
			}
		}
	})
}
