package games

import (
	"context"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Kinds of seats: those that a player loses by being away, all, and those that get_state shows. An invitation to a player
// waits for its answer.
var (
	quittable = []string{quiz.SeatPlaying, quiz.SeatInviting}
	every     = []string{quiz.SeatPlaying, quiz.SeatFinished, quiz.SeatInvited, quiz.SeatInviting}
	shown     = []string{quiz.SeatPlaying, quiz.SeatFinished, quiz.SeatInvited}
)

// seats reads the rooms in which players have seats of some kinds, in one call for players who come or go together.
type seats = gather.Group[string, []string]

// Bounds of lookups of seats.
const (
	seatRows   = 128     // of a call: players times kinds
	maxLookups = 100_000 // that wait for a call; connections bound them
)

func newSeats(m *matchq.Matcher, r *rooms.Rooms, kinds []string) *seats {
	return &seats{
		Ask: func(ctx context.Context, players []string) ([][]string, error) {
			return r.OfAll(ctx, players, kinds...)
		},
		Timeout: gather.Over(m.Config().Timeout), Most: seatRows / len(kinds), Room: maxLookups,
	}
}

// connected tells the player's opponents that the player is back. If that fails wake looks the player up before
// anything is forfeited.
func (g *Games) connected(ctx context.Context, player, sid string) {
	if err := g.PlayerBack(ctx, player, sid); err != nil {
		g.log.Warn("opponents were not told that a player is back", "player", player, "error", err)
	}
}

// disconnected tells the player's opponents that the player is away. If that fails PlayerGone ends the games.
func (g *Games) disconnected(ctx context.Context, player string) {
	if err := g.PlayerAway(ctx, player); err != nil {
		g.log.Warn("opponents were not told that a player is away", "player", player, "error", err)
	}
}

// PlayerAway starts the grace of a player whose connection has ended, unless the player has another connection.
func (g *Games) PlayerAway(ctx context.Context, player string) error {
	found, err := g.sessions.Find(ctx, player)
	if err != nil || found[0].Online() {
		return err
	}
	err = g.changeAll(ctx, player, g.quittable, func(t *quiz.Change) error {
		t.SetAway(player)
		return nil
	})
	if err != nil {
		return err
	}
	// The player may have come back before the rooms knew of the absence, when PlayerBack had nothing to do.
	found, err = g.sessions.Find(ctx, player)
	if err != nil || !found[0].Online() {
		return err
	}
	return g.PlayerBack(ctx, player, found[0].SID)
}

// PlayerBack ends the absence of a player who is connected to any node.
func (g *Games) PlayerBack(ctx context.Context, player, sid string) error {
	return g.changeAll(ctx, player, g.every, func(t *quiz.Change) error {
		t.SetBack(player, sid)
		g.sessions.NoteRoom(sid, t.ID, t.StandingOf(player)) // so that the client is told if Redis loses it
		return nil
	})
}

// PlayerGone ends the part of a player who did not come back: games are forfeited, and the player's invitations are
// withdrawn.
func (g *Games) PlayerGone(ctx context.Context, player string) error {
	return g.changeAll(ctx, player, g.quittable, func(t *quiz.Change) error {
		t.SetGone(player)
		return g.judge(ctx, t)
	})
}

// judge ends the part of players whose grace is over, after a look at who is connected: they may have come back unheard,
// and nobody wins while all are away.
func (g *Games) judge(ctx context.Context, t *quiz.Change) error {
	if len(t.Overdue()) == 0 {
		return nil
	}
	if err := g.checkPresence(ctx, t); err != nil {
		return err
	}
	for _, name := range t.Overdue() {
		t.GiveUp(name)
	}
	return nil
}

// checkPresence notes which players are online. The others have the grace to come, from now on.
func (g *Games) checkPresence(ctx context.Context, t *quiz.Change) error {
	players, err := g.sessions.Find(ctx, t.Names()...)
	if err != nil {
		return err
	}
	for i, p := range players {
		if p.Online() {
			t.SetBack(p.ID.Name, p.SID)
			t.Players[i].SID = p.SID
		} else {
			t.SetAway(p.ID.Name)
		}
	}
	return nil
}
