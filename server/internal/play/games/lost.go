package games

import (
	"context"
	"errors"
	"strings"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Missing returns those of some rooms that Redis does not have, nor the match that they would be opened for. Errors:
// matchq.ErrUnavailable.
func (g *Games) Missing(ctx context.Context, ids []string) (map[string]bool, error) {
	stored, err := g.rooms.Exist(ctx, ids...)
	if err != nil {
		return nil, err
	}
	missing := map[string]bool{}
	for i, id := range ids {
		if stored[i] {
			continue
		}
		if matchID, ok := strings.CutPrefix(id, matchRoom); ok {
			match, err := g.matcher.Match(ctx, matchID)
			if err == nil && match.State == matchq.Matched {
				continue
			}
			if err != nil && !errors.Is(err, matchq.ErrNotFound) {
				return nil, err
			}
		}
		missing[id] = true
	}
	return missing, nil
}

// EndRisen ends a room in which a player takes part although their client was told that it is over: Redis has lost the
// end. It does nothing to others.
func (g *Games) EndRisen(ctx context.Context, id, player string) error {
	room, stored, err := g.load(ctx, id)
	if err == nil {
		err = g.changeStored(ctx, room, stored, func(t *quiz.Change) error {
			t.EndRisen(player)
			return nil
		})
	}
	if errors.Is(err, errCorrupt) || wire.ErrorOf(err).Code == wire.CodeNotFound {
		return nil // it is over, or was never opened
	}
	return err
}
