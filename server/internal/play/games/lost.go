package games

import (
	"context"
	"errors"
	"strings"

	"github.com/matchq/matchq/matchq"
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
