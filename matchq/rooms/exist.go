package rooms

import (
	"context"
	"slices"

	"github.com/matchq/matchq/matchq/internal/space"
)

var existScript = space.Bind[existArgs]("rooms/exist")

type existArgs struct {
	Rows []roomArgs `lua:"row"`
}

// Exist says which rooms are stored, in the order of their ids. It takes a call to Redis for each 256. Errors:
// matchq.ErrUnavailable.
func (r *Rooms) Exist(ctx context.Context, ids ...string) ([]bool, error) {
	found := make([]bool, 0, len(ids))
	for some := range slices.Chunk(ids, 256) {
		args := existArgs{Rows: make([]roomArgs, len(some))}
		for i, id := range some {
			args.Rows[i].Room = r.stored(id)
		}
		reply, err := existScript.Call(ctx, r.space, args)
		if err != nil {
			return nil, err
		}
		for range some {
			found = append(found, reply.Number() == 1)
		}
		if reply.Err != nil {
			return nil, reply.Err
		}
	}
	return found, nil
}
