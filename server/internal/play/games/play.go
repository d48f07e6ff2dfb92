package games

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// act changes a room for one of its players. Clients name the room, so all rooms that they have no part in look alike:
// other players' rooms, locks, corrupt ones and ones that don't exist.
func (g *Games) act(ctx context.Context, id string, player quiz.Participant, act func(*quiz.Change) error) error {
	if !strings.HasPrefix(id, matchRoom) && !strings.HasPrefix(id, friendRoom) {
		return errNoRoom()
	}
	err := g.change(ctx, id, func(t *quiz.Change) error {
		if err := t.Identify(player.ID, player.SID); err != nil {
			return err
		}
		return act(t)
	})
	if errors.Is(err, errCorrupt) {
		return errNoRoom() // wake logs it when it drops the room
	}
	return err
}

// Request returns the questions of a self-paced game.
func (g *Games) Request(ctx context.Context, id string, player quiz.Participant, w quiz.Wish) (dealt *quiz.Dealt, err error) {
	err = g.act(ctx, id, player, func(t *quiz.Change) error {
		dealt, err = t.Request(player.ID.Name, w)
		return err
	})
	return dealt, err
}

// Start asks for a game that the server paces.
func (g *Games) Start(ctx context.Context, id string, player quiz.Participant, w quiz.Wish) error {
	return g.act(ctx, id, player, func(t *quiz.Change) error { return t.Start(player.ID.Name, w) })
}

// Answer answers a question.
func (g *Games) Answer(ctx context.Context, id string, player quiz.Participant, item wire.ID, answer json.RawMessage) (result *quiz.Answered, err error) {
	err = g.act(ctx, id, player, func(t *quiz.Change) error {
		result, err = t.Answer(player.ID.Name, item, answer)
		return err
	})
	return result, err
}

// Leave leaves a room for good.
func (g *Games) Leave(ctx context.Context, id string, player quiz.Participant) error {
	return g.act(ctx, id, player, func(t *quiz.Change) error { return t.Leave(player.ID.Name) })
}

// changeAll changes the rooms in which the player has some seats.
func (g *Games) changeAll(ctx context.Context, player string, held *seats, act func(*quiz.Change) error) error {
	ids, err := held.Do(ctx, player)
	if err != nil {
		return err
	}
	return g.changeEach(ctx, ids, act)
}

// changeEach changes rooms and returns all errors in the end. It reads all at once, and writes those that have changed.
func (g *Games) changeEach(ctx context.Context, ids []string, act func(*quiz.Change) error) error {
	found, err := g.rooms.GetAll(ctx, ids...)
	if err != nil {
		return err
	}
	var all []error
	for _, stored := range found {
		room, err := decode(stored)
		if err == nil {
			err = g.changeStored(ctx, room, stored, act)
		}
		switch {
		case err == nil, wire.ErrorOf(err).Code == wire.CodeNotFound: // the room is over
		case errors.Is(err, errCorrupt):
			g.log.Error("a room is corrupt", "room", stored.ID, "error", err)
		default:
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Seats returns for each player the open games that the player can forfeit.
func (g *Games) Seats(ctx context.Context, players []string) ([][]string, error) {
	return g.rooms.OfAll(ctx, players, quiz.SeatPlaying)
}

// IsOver reports whether a room is over for a player, because it is or the player has left. A room that is not open yet
// is not over.
func (g *Games) IsOver(ctx context.Context, id, player string) (bool, error) {
	room, _, err := g.load(ctx, id)
	switch {
	case err == nil:
		return !room.HasSeat(player), nil
	case errors.Is(err, errCorrupt), wire.ErrorOf(err).Code == wire.CodeNotFound:
		return false, nil
	default:
		return false, err
	}
}

// ForfeitFor forfeits a player's games in rooms, because the player plays elsewhere. Invitations stand. Errors are only
// logged: the player can't help, and the opponents wait no longer than the grace once the connection ends.
func (g *Games) ForfeitFor(ctx context.Context, player string, rooms []string) {
	err := g.changeEach(ctx, rooms, func(t *quiz.Change) error {
		if t.Phase == quiz.Invited {
			return nil
		}
		return t.Leave(player)
	})
	if err != nil {
		g.log.Warn("an earlier game could not be forfeited", "player", player, "error", err)
	}
}

// State is a player's part of the state that get_state answers with.
type State struct {
	Invitations []map[string]any // to the player
	Room        *quiz.State
}

// State returns the invitations to a player, and the player's game.
func (g *Games) State(ctx context.Context, player string) (State, error) {
	var s State
	ids, err := g.shown.Do(ctx, player)
	if err != nil {
		return s, err
	}
	found, err := g.rooms.GetAll(ctx, ids...)
	if err != nil {
		return s, err
	}
	for _, stored := range found {
		room, err := decode(stored)
		switch {
		case err != nil || !room.HasSeat(player): // over by now
		case room.Phase != quiz.Invited && s.Room == nil:
			state := room.State(player, stored.Now.UnixMilli())
			s.Room = &state
		case room.Phase == quiz.Invited && room.Players[1].ID.Name == player:
			s.Invitations = append(s.Invitations, room.Users())
		}
	}
	return s, nil
}
