package games

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// store stores a changed room together with its seats and messages.
func (g *Games) store(ctx context.Context, t *turn) error {
	doc, err := json.Marshal(t.Room)
	if err != nil {
		return err
	}
	if bytes.Equal(doc, t.stored.Doc) && len(t.Messages) == 0 {
		return nil
	}
	keep := g.config.KeepOver
	if t.Phase != quiz.Over {
		keep += time.Duration(max(t.Ends-t.Now, 0)) * time.Millisecond
	}
	change := rooms.Change{
		ID: t.ID, Version: t.stored.Version, Doc: doc, Keep: keep, NotAfter: timeOf(t.NotAfter), WakeAt: timeOf(t.WakeAt()),
	}
	change.Seats, change.Left = t.seats()
	for _, m := range t.Messages {
		change.Messages = append(change.Messages, presence.Message{Player: m.To, Event: m.Event, Data: wire.Encode(m.Data)})
	}
	_, err = g.rooms.Change(ctx, change)
	if err != nil {
		return storeError(err)
	}
	if wake := t.WakeAt(); wake > 0 {
		g.timer.set(time.Duration(wake-t.Now) * time.Millisecond)
	}
	return nil
}

// seats returns the seats after a change, and those that it ends.
func (t *turn) seats() (held, left []rooms.Seat) {
	now := t.Seats()
	for _, seat := range now {
		held = append(held, rooms.Seat{Player: seat.Player, Kind: seat.Kind, Max: t.most(seat)})
	}
	for _, seat := range t.held {
		if !slices.Contains(now, seat) {
			left = append(left, rooms.Seat{Player: seat.Player, Kind: seat.Kind})
		}
	}
	return held, left
}

// most is how many such seats the player may have, 0 for any number. An invitation that is open stays so.
func (t *turn) most(seat quiz.Seat) int {
	switch {
	case seat.Kind == quiz.SeatPlaying && seat.Player == t.Alone:
		return 1
	case slices.Contains(t.held, seat):
		return 0
	case seat.Kind == quiz.SeatInviting:
		return quiz.MaxInviting
	case seat.Kind == quiz.SeatInvited:
		return quiz.MaxInvited
	default:
		return 0
	}
}

// storeError tells players why a change was refused.
func storeError(err error) error {
	if errors.Is(err, rooms.ErrTooLate) {
		return wire.Errorf(wire.CodeTooLate, "this question is closed")
	}
	full, ok := errors.AsType[*rooms.FullError](err)
	if !ok {
		return err
	}
	switch full.Seat.Kind {
	case quiz.SeatPlaying:
		return wire.Errorf(wire.CodePlayerBusy, "player %q plays another game; the invitation stays open", full.Seat.Player)
	case quiz.SeatInviting:
		f := wire.Errorf(wire.CodeTooManyInvitations, "you have %d open invitations: wait for an answer, or withdraw one", full.Seat.Max)
		f.RetryAfter = invitationsPause
		return f
	default:
		f := wire.Errorf(wire.CodeTooManyInvitations, "player %q has %d open invitations: try again later", full.Seat.Player, full.Seat.Max)
		f.RetryAfter = invitationsPause
		return f
	}
}

// invitationsPause is the time until another try to invite makes sense.
const invitationsPause = 5 * time.Second

// timeOf converts a time of the quiz to one of the library.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
