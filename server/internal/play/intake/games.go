package intake

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/gather"
)

// Gathered is games of which requests that come at the same time ask in one call.
func Gathered(games Games) Games {
	g := &gathered{Games: games}
	g.seats = gather.Group[string, []string]{Ask: games.Seats, Timeout: timeout, Most: 128, Room: maxLookups}
	return g
}

// maxLookups is for lookups that wait.
const maxLookups = 50_000

type gathered struct {
	Games

	seats gather.Group[string, []string]
}

// Seats returns the rooms of each player. A batch of players has a call of its own.
func (g *gathered) Seats(ctx context.Context, players []string) ([][]string, error) {
	if len(players) != 1 {
		return g.Games.Seats(ctx, players)
	}
	rooms, err := g.seats.Do(ctx, players[0])
	return [][]string{rooms}, err
}

// startLookup starts to read the seats of players before they are queued, and returns a function that waits for the
// result. A later lookup could find the game of the very match that they are queued for.
func (i *Intake) startLookup(ctx context.Context, players []string) (wait func() ([][]string, error)) {
	if i.Games == nil || len(players) == 0 {
		return func() ([][]string, error) { return nil, nil }
	}
	var rooms [][]string
	var group errgroup.Group
	group.Go(func() (err error) {
		rooms, err = i.Games.Seats(ctx, players)
		return err
	})
	return func() ([][]string, error) {
		err := group.Wait()
		return rooms, err
	}
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
