package games

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
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

// EndRisen ends those of some rooms that are open for a player although the client was told of their end: Redis has lost
// that. It looks for the seats that the players have: a room that is over has none. Errors: matchq.ErrUnavailable.
func (g *Games) EndRisen(ctx context.Context, over []sessions.Over) error {
	isOver := make(map[sessions.Over]bool, len(over))
	players := make([]string, 0, len(over))
	for _, o := range over {
		isOver[o] = true
		players = append(players, o.Player)
	}
	slices.Sort(players)
	players = slices.Compact(players)
	seats, err := g.rooms.OfAll(ctx, players, every...)
	if err != nil {
		return err
	}
	var all []error
	for i, player := range players {
		risen := slices.DeleteFunc(seats[i], func(id string) bool { return !isOver[sessions.Over{Room: id, Player: player}] })
		all = append(all, g.changeEach(ctx, risen, func(t *quiz.Change) error {
			t.EndRisen(player)
			return nil
		}))
	}
	return errors.Join(all...)
}
