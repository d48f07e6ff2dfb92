package games

import (
	"context"

	"github.com/matchq/matchq/server/internal/play/quiz"
)

// connected has the player's opponents hear that the player is back. Should that fail, the player is looked for before
// anything is forfeited.
func (r *Rooms) connected(ctx context.Context, player, sid string) {
	if err := r.Back(ctx, player, sid); err != nil {
		r.log.Warn("opponents do not know that a player is back", "player", player, "error", err)
	}
}

// disconnected has the player's opponents hear that the player is away. Should that fail, Gone ends what must end.
func (r *Rooms) disconnected(ctx context.Context, player string) {
	if err := r.Lost(ctx, player); err != nil {
		r.log.Warn("opponents do not know that a player is away", "player", player, "error", err)
	}
}

// Lost says that a connection of a player has ended: the grace begins, unless they have another one.
func (r *Rooms) Lost(ctx context.Context, player string) error {
	found, err := r.sessions.Find(ctx, player)
	if err != nil || found[0].Online() {
		return err
	}
	err = r.all(ctx, player, func(t *quiz.Turn) { t.Lost(player) })
	if err != nil {
		return err
	}
	// They may have come back before the rooms knew that they were lost: there was nothing for Back to do then.
	found, err = r.sessions.Find(ctx, player)
	if err != nil || !found[0].Online() {
		return err
	}
	return r.Back(ctx, player, found[0].SID)
}

// Back says that a player is connected, by whatever node.
func (r *Rooms) Back(ctx context.Context, player, sid string) error {
	return r.all(ctx, player, func(t *quiz.Turn) { t.Back(player, sid) })
}

// Gone says that a player did not come back: their games are forfeited, what they have invited to is off.
func (r *Rooms) Gone(ctx context.Context, player string) error {
	return r.all(ctx, player, func(t *quiz.Turn) { t.Gone(player) })
}
