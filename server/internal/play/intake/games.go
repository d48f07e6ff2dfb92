package intake

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq"
)

// startLookup begins to look up the rooms of players who are about to be queued, and returns what waits for the result.
// What is found later may be the game of the very match that they are queued for.
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

// forfeitRooms takes the players who wait from now on out of the games they had before. A request that was repeated may have
// found its match meanwhile, whose game goes on.
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
