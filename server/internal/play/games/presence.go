package games

import (
	"context"

	"github.com/matchq/matchq/server/internal/play/quiz"
)

// connected has the player's opponents hear that the player is back. Should that fail, the player is looked for before
// anything is forfeited.
func (r *Games) connected(ctx context.Context, player, sid string) {
	if err := r.PlayerBack(ctx, player, sid); err != nil {
		r.log.Warn("opponents do not know that a player is back", "player", player, "error", err)
	}
}

// disconnected has the player's opponents hear that the player is away. Should that fail, Gone ends what must end.
func (r *Games) disconnected(ctx context.Context, player string) {
	if err := r.PlayerAway(ctx, player); err != nil {
		r.log.Warn("opponents do not know that a player is away", "player", player, "error", err)
	}
}

// PlayerAway says that a connection of a player has ended: the grace begins, unless they have another one.
func (r *Games) PlayerAway(ctx context.Context, player string) error {
	found, err := r.sessions.Find(ctx, player)
	if err != nil || found[0].Online() {
		return err
	}
	err = r.changeAll(ctx, player, func(t *quiz.Change) { t.SetAway(player) })
	if err != nil {
		return err
	}
	// They may have come back before the rooms knew that they were lost: there was nothing for Back to do then.
	found, err = r.sessions.Find(ctx, player)
	if err != nil || !found[0].Online() {
		return err
	}
	return r.PlayerBack(ctx, player, found[0].SID)
}

// PlayerBack says that a player is connected, by whatever node.
func (r *Games) PlayerBack(ctx context.Context, player, sid string) error {
	return r.changeAll(ctx, player, func(t *quiz.Change) { t.SetBack(player, sid) })
}

// PlayerGone says that a player did not come back: their games are forfeited, what they have invited to is off.
func (r *Games) PlayerGone(ctx context.Context, player string) error {
	return r.changeAll(ctx, player, func(t *quiz.Change) { t.GiveUp(player) })
}
