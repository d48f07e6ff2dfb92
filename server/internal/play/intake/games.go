package intake

import (
	"context"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/gather"
)

// maxLookups is for lookups that wait.
const maxLookups = 50_000

// Lookups gather the players whose seats requests ask for at the same time.
type Lookups = gather.Group[string, []string]

// NewLookups makes the lookups of games.
func NewLookups(m *matchq.Matcher, games Games) *Lookups {
	return &Lookups{Ask: games.Seats, Timeout: gather.Over(m.Config().Timeout), Most: 128, Room: maxLookups}
}

// forfeitRooms forfeits the earlier games of players who wait from now on. A repeated request may have found its match,
// whose game goes on.
func (i *Intake) forfeitRooms(ctx context.Context, rooms [][]string, results []matchq.Result) {
	if len(rooms) == 0 {
		return
	}
	for n, result := range results {
		if t := &result.Ticket; len(rooms[n]) > 0 && result.Err == nil && t.State == matchq.Waiting {
			i.Games.ForfeitFor(ctx, t.Player, rooms[n])
		}
	}
}
