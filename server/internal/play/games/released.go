package games

import (
	"context"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// EndReleased ends the game of a match that was released. If nobody has opened its room yet, it is over before it begins: a
// player may be about to. It fails only if ctx has ended, or Redis is away or refuses.
func (g *Games) EndReleased(ctx context.Context, id string) error {
	err := g.change(ctx, id, func(t *quiz.Change) error {
		t.EndReleased()
		return nil
	})
	if err == nil || ctx.Err() != nil || wire.IsPassing(err) {
		return err
	}
	if wire.ErrorOf(err).Code != wire.CodeNotFound { // else the match is forgotten by now
		g.log.Error("the game of a released match goes on", "room", id, "error", err)
	}
	return nil
}
