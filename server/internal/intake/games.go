package intake

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq"
)

// atOnce is for how many players of a batch Redis is asked at the same time.
const atOnce = 4

// before begins to look up the rooms of each player who is about to be queued, and returns what waits for the result.
// What is found later may be the game of the very match that they are queued for.
func (i *Intake) before(ctx context.Context, requests []matchq.Request) (wait func() ([][]string, error)) {
	if i.Games == nil {
		return func() ([][]string, error) { return nil, nil }
	}
	rooms := make([][]string, len(requests))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for n := range requests {
		group.Go(func() (err error) {
			rooms[n], err = i.Games.Of(ctx, requests[n].Player)
			return err
		})
	}
	return func() ([][]string, error) { return rooms, group.Wait() }
}

// leave takes the players who wait from now on out of the games they had before. A request that was repeated may have
// found its match meanwhile, whose game goes on.
func (i *Intake) leave(ctx context.Context, rooms [][]string, results []matchq.Result) {
	if len(rooms) == 0 {
		return
	}
	for n, result := range results {
		if t := &result.Ticket; len(rooms[n]) > 0 && result.Err == nil && t.State == matchq.Waiting {
			i.Games.Elsewhere(ctx, t.Player, rooms[n])
		}
	}
}
