// Package streams reads streams for all that follow them in a process. All streams behind one client share one blocking
// read, and so one connection: a read for each would take the client's whole pool where there are many namespaces.
package streams

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

const (
	// count is how many entries of a stream are read at once.
	count = 16

	// maxBlock is how long Redis may hold a read that finds nothing.
	maxBlock = time.Second

	// fresh is how long entries may wait to be taken. Older ones are read again: they may have been trimmed meanwhile, which
	// Next's caller would then take for a gap.
	fresh = maxBlock / 4
)

// Follower follows one stream. It is for one goroutine. Leave it in the end.
type Follower struct {
	space *space.Space
	key   string
	lane  *lane
	news  chan struct{} // has room for one

	// The fields below are guarded by lane.mu.

	gen     int // grows when a read that is under way for it does not count any more
	covered int // the gen for which the lane's main read was made

	batch       []redis.XMessage // read and not taken
	from, after string           // the batch begins after one id and ends with another, which are the same if it is empty
	read        time.Time        // when the first of the batch was read
	err         error            // of a read, not taken
}

// Follow follows a stream of a namespace. Values of ctx are kept for reads, its end is not.
func Follow(ctx context.Context, in *space.Space, key string) *Follower {
	f := &Follower{space: in, key: key, news: make(chan struct{}, 1)}
	f.lane = join(context.WithoutCancel(ctx), in)
	return f
}

// Leave ends the following. A read that is under way for it ends within a second.
func (f *Follower) Leave() {
	f.lane.disarm(f)
	leave(f.lane)
}

// Next returns the entries after an id, up to 31 of them, and waits for the first up to a second, or half the call's
// time-out if that is less. Errors: ErrUnavailable, ErrRefused, context.Canceled, an answer of Redis that repeating won't
// change.
func (f *Follower) Next(ctx context.Context, after string) ([]redis.XMessage, error) {
	timer := time.NewTimer(block(f.space))
	defer timer.Stop()
	for {
		batch, wait, err := f.lane.poll(f, after)
		if err != nil || len(batch) > 0 {
			return batch, err
		}
		if !wait {
			// Entries that exist already are read here, so that the lane's reads wait only for new ones.
			batch, err := f.readNow(ctx, after)
			if err != nil || len(batch) > 0 {
				return batch, err
			}
			f.lane.arm(f, after)
		}
		select {
		case <-f.news:
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, space.Unavailable(ctx.Err())
		}
	}
}

func (f *Follower) readNow(ctx context.Context, after string) ([]redis.XMessage, error) {
	found, err := read(ctx, f.space, map[string]string{f.key: after}, -1)
	return found[f.key], err
}

// block is how long Redis may hold a read of a namespace: less than a call may take.
func block(in *space.Space) time.Duration { return min(maxBlock, in.Timeout()/2) }

// read reads entries of streams after an id of each.
func read(ctx context.Context, in *space.Space, after map[string]string, block time.Duration) (map[string][]redis.XMessage, error) {
	keys, ids := make([]string, 0, 2*len(after)), make([]string, 0, len(after))
	for key, id := range after {
		keys, ids = append(keys, key), append(ids, id)
	}
	return space.Do(ctx, in, "read events", func(ctx context.Context, rdb redis.UniversalClient) (map[string][]redis.XMessage, error) {
		streams, err := rdb.XRead(ctx, &redis.XReadArgs{Streams: append(keys, ids...), Count: count, Block: block}).Result()
		if err == redis.Nil { //nolint:errorlint // as the driver returns it
			return nil, nil
		}
		found := make(map[string][]redis.XMessage, len(streams))
		for _, stream := range streams {
			found[stream.Stream] = stream.Messages
		}
		return found, err
	})
}

// lanes has the lanes in use. They are of a process, not of a Matcher, as clients are.
var lanes = struct {
	sync.Mutex

	all map[laneID]*lane
}{all: map[laneID]*lane{}}

// laneID is what streams must share to be read together.
type laneID struct {
	client redis.UniversalClient
	slot   string
}

// join is the lane of a namespace. Only a client of a single server surely reads streams of several namespaces at once: in
// a cluster, or behind a Ring, each has its slot.
func join(ctx context.Context, in *space.Space) *lane {
	id := laneID{client: in.Client(), slot: in.HashTag()}
	if _, single := id.client.(*redis.Client); single {
		id.slot = ""
	}
	lanes.Lock()
	defer lanes.Unlock()
	known := reflect.ValueOf(id.client).Comparable() // else a client can't be recognized
	if known && lanes.all[id] != nil {
		lanes.all[id].users++
		return lanes.all[id]
	}
	l := &lane{id: id, ctx: ctx, users: 1, armed: map[*Follower]bool{}}
	if known {
		lanes.all[id] = l
	}
	return l
}

func leave(l *lane) {
	lanes.Lock()
	defer lanes.Unlock()
	if l.users--; l.users == 0 && reflect.ValueOf(l.id.client).Comparable() {
		delete(lanes.all, l.id)
	}
}
