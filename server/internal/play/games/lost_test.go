package games

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// A game that is open again, because Redis has lost its end, is ended for good. So is an invitation. A game that is over,
// or was never opened, stays as it is.
func TestEndRisen(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, lasting())
		a, b := s.arrive("a"), s.arrive("b")
		endRisen := func(room string) {
			t.Helper()
			s.must(s.EndRisen(t.Context(), []sessions.Over{{Room: "gone", Player: "a"}, {Room: room, Player: "b"}}))
		}
		rise := func(room string, end func()) {
			t.Helper()
			open, before, err := s.load(t.Context(), room)
			s.must(err)
			var seats []rooms.Seat
			for _, seat := range open.Seats() {
				seats = append(seats, rooms.Seat{Player: seat.Player, Kind: seat.Kind})
			}
			end()
			_, after, err := s.load(t.Context(), room)
			s.must(err)
			_, err = s.rooms.Change(t.Context(), rooms.Change{ID: room, Version: after.Version, Doc: before.Doc, Keep: time.Minute, Seats: seats})
			s.must(err)
			endRisen(room)
			if found, _, err := s.load(t.Context(), room); err != nil || found.Phase != quiz.Over || found.Reason != quiz.Lost {
				t.Errorf("%+v, %v", found, err)
			}
		}
		game := s.match("history", "a", "b")
		endRisen(game) // nobody has opened it
		_, err := s.Request(t.Context(), game, a, quiz.Wish{})
		s.must(err)
		rise(game, func() { s.must(s.Leave(t.Context(), game, a)) })
		s.hears("b", "game_over")
		if over := s.hears("b", "game_over"); over["reason"] != quiz.Lost {
			t.Errorf("%v", over)
		}

		invitation := s.invites(a, "b")
		rise(invitation, func() {
			_, err := s.Decline(t.Context(), invitation, b)
			s.must(err)
		})
		if over := s.hears("b", "friend_request_declined"); over["reason"] != quiz.Lost {
			t.Errorf("%v", over)
		}

		over := s.match("history", "a", "b")
		_, err = s.Request(t.Context(), over, a, quiz.Wish{})
		s.must(err)
		s.must(s.Leave(t.Context(), over, a))
		endRisen(over)
		if found, _, err := s.load(t.Context(), over); err != nil || found.Reason != quiz.Forfeit {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
