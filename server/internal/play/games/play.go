package games

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// does has a player do something in a room of theirs. The room is named by a client: nobody learns whether there is one
// that they don't play in, or a lock, or one that is broken.
func (r *Rooms) does(ctx context.Context, id string, who quiz.Who, act func(*quiz.Turn) error) error {
	if !strings.HasPrefix(id, matchRoom) && !strings.HasPrefix(id, friendRoom) {
		return unknown()
	}
	err := r.turn(ctx, id, func(t *quiz.Turn) error {
		if err := t.Come(who.ID, who.SID); err != nil {
			return err
		}
		return act(t)
	})
	if errors.Is(err, errBroken) {
		return unknown() // it is logged when it is dropped
	}
	return err
}

// Request returns the questions of a self-paced game.
func (r *Rooms) Request(ctx context.Context, id string, who quiz.Who, w quiz.Wish) (dealt *quiz.Dealt, err error) {
	err = r.does(ctx, id, who, func(t *quiz.Turn) error {
		dealt, err = t.Request(who.ID.Name, w)
		return err
	})
	return dealt, err
}

// Start says that a player wants a paced game.
func (r *Rooms) Start(ctx context.Context, id string, who quiz.Who, w quiz.Wish) error {
	return r.does(ctx, id, who, func(t *quiz.Turn) error { return t.Start(who.ID.Name, w) })
}

// Answer answers a question.
func (r *Rooms) Answer(ctx context.Context, id string, who quiz.Who, item wire.ID, answer json.RawMessage) (result *quiz.Answered, err error) {
	err = r.does(ctx, id, who, func(t *quiz.Turn) error {
		result, err = t.Answer(who.ID.Name, item, answer)
		return err
	})
	return result, err
}

// Leave is for players who do not come back to a room.
func (r *Rooms) Leave(ctx context.Context, id string, who quiz.Who) error {
	return r.does(ctx, id, who, func(t *quiz.Turn) error { return t.Leave(who.ID.Name) })
}

// all changes all rooms in which a player has a seat.
func (r *Rooms) all(ctx context.Context, player string, act func(*quiz.Turn)) error {
	rooms, err := r.matcher.RoomsOf(ctx, player)
	if err != nil {
		return err
	}
	return r.each(ctx, rooms, act)
}

// each changes some rooms. It goes on after an error, which it returns in the end.
func (r *Rooms) each(ctx context.Context, rooms []string, act func(*quiz.Turn)) error {
	var all []error
	for _, id := range rooms {
		err := r.turn(ctx, id, func(t *quiz.Turn) error {
			act(t)
			return nil
		})
		switch {
		case err == nil, wire.ErrorOf(err).Code == wire.CodeNotFound: // it is over
		case errors.Is(err, errBroken):
			r.log.Error("a room can't be read", "room", id, "error", err)
		default:
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// OfAll returns the rooms that each player has something to lose in.
func (r *Rooms) OfAll(ctx context.Context, players []string) ([][]string, error) {
	return r.matcher.RoomsOfAll(ctx, players)
}

// Over says whether a room is over for a player: it is, or they have left it. One that has not been opened is not.
func (r *Rooms) Over(ctx context.Context, id, player string) (bool, error) {
	room, _, err := r.load(ctx, id)
	switch {
	case err == nil:
		return !slices.Contains(room.Seated(), player), nil
	case errors.Is(err, errBroken), wire.ErrorOf(err).Code == wire.CodeNotFound:
		return false, nil
	default:
		return false, err
	}
}

// Elsewhere says that a player plays on elsewhere: their games in these rooms are forfeited. Invitations stand. What
// fails is logged only, since the player can't do anything about it; their opponents wait no longer than the grace, once
// the connection ends.
func (r *Rooms) Elsewhere(ctx context.Context, player string, rooms []string) {
	err := r.each(ctx, rooms, func(t *quiz.Turn) {
		if t.Phase != quiz.Invited {
			_ = t.Leave(player) // who has a seat is a player
		}
	})
	if err != nil {
		r.log.Warn("a game of before could not be left", "player", player, "error", err)
	}
}

// State is what a player has to do with rooms.
type State struct {
	Invitations []map[string]any // to them
	Room        *quiz.State
}

// State tells a player's state.
func (r *Rooms) State(ctx context.Context, player string) (State, error) {
	var s State
	rooms, err := r.matcher.RoomsOf(ctx, player)
	if err != nil {
		return s, err
	}
	for _, id := range rooms {
		room, stored, err := r.load(ctx, id)
		switch {
		case errors.Is(err, matchq.ErrUnavailable):
			return s, err
		case err != nil || !room.Has(player) || room.Phase == quiz.Over: // over by now
		case room.Phase != quiz.Invited && s.Room == nil:
			state := room.State(player, stored.Now.UnixMilli())
			s.Room = &state
		case room.Phase == quiz.Invited && room.Players[1].ID.Name == player:
			s.Invitations = append(s.Invitations, room.Users())
		}
	}
	return s, nil
}
