package work

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/streams"
	"github.com/matchq/matchq/matchq/internal/vigil"
)

var removeIdleScript = space.Bind[removeIdleArgs]("match/remove_idle")

type removeIdleArgs struct {
	Group  string `lua:"group"`
	Worker string `lua:"worker"`
	IdleMS int64  `lua:"idle_ms"`
}

const (
	maxTogether = 8  // entries of the stream that are handled at once
	claimCount  = 16 // entries that are taken from other workers at once
)

// Together is the configuration of a worker that handles the entries of the stream in large pieces.
type Together[E any] struct {
	Space         *space.Space
	Group, Worker string
	Patience      time.Duration

	Parse  func(redis.XMessage) ([]E, error)
	Handle func(context.Context, []E) error
}

// RunTogether handles events until ctx ends, or until Handle fails.
func RunTogether[E any](ctx context.Context, config Together[E]) error {
	c := &follower[E]{Together: config, mine: "0", events: streams.Follow(ctx, config.Space, config.Space.Key(space.Events))}
	defer c.events.Leave()
	defer c.resign(ctx)
	outage := space.Outage{
		Log: c.Space.Log(), Begins: "matchq: redis is away or refuses, no events until it answers", Ends: "matchq: redis answers, events go on",
		Attrs: []any{"group", c.Group, "worker", c.Worker},
	}
	for ctx.Err() == nil {
		err := c.step(ctx)
		var handled *handleError
		switch {
		case ctx.Err() != nil: // that was the end
		case errors.As(err, &handled):
			return handled.err
		case err == nil:
			outage.Over()
		case space.Passes(err):
			c.mine, c.seen, c.joined = "0", "", false
			outage.Wait(ctx, err)
		default:
			return err
		}
	}
	return nil
}

// handleError marks an error of handle, which may call this library itself.
type handleError struct{ err error }

func (e *handleError) Error() string { return e.err.Error() }

// follower is one RunTogether.
type follower[E any] struct {
	Together[E]

	events  *streams.Follower
	seen    string    // the entry behind which it waits for more, once it is known
	joined  bool      // the group exists
	mine    string    // where to go on among this worker's unfinished entries; "" when through
	claimed time.Time // when it last looked for unfinished entries of other workers
}

func (c *follower[E]) step(ctx context.Context) error {
	if !c.joined {
		if err := c.join(ctx); err != nil {
			return err
		}
		c.joined = true
	}
	messages, err := c.next(ctx)
	if redis.HasErrorPrefix(err, "NOGROUP") {
		c.seen, c.joined = "", false // somebody emptied Redis
		return nil
	}
	if err != nil {
		return err
	}
	for some := range slices.Chunk(messages, maxTogether) {
		if err := c.finish(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// join makes the group unless it is there.
func (c *follower[E]) join(ctx context.Context) error {
	return c.do(ctx, "make group", func(ctx context.Context, rdb redis.UniversalClient) error {
		err := rdb.XGroupCreateMkStream(ctx, c.Space.Key(space.Events), c.Group, "0").Err()
		if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return nil // it exists
		}
		return err
	})
}

// next finds entries to handle: this worker's unfinished ones, those of others, new ones.
func (c *follower[E]) next(ctx context.Context) ([]redis.XMessage, error) {
	if c.mine != "" {
		messages, err := c.read(ctx, c.mine)
		if err != nil || len(messages) > 0 {
			if len(messages) > 0 {
				c.mine = messages[len(messages)-1].ID
			}
			return messages, err
		}
		c.mine = ""
	}
	if time.Since(c.claimed) >= c.Patience/2 {
		messages, err := c.claim(ctx)
		if err != nil || len(messages) > 0 {
			return messages, err // and look again before waiting for new ones
		}
		c.claimed = time.Now()
		c.removeIdleConsumers(ctx)
	}
	return c.newest(ctx)
}

// newest takes entries that no worker had, and waits for some up to a second. It waits by the one read that all streams of
// the process share: a read of the group that waits would keep a connection to itself.
func (c *follower[E]) newest(ctx context.Context) ([]redis.XMessage, error) {
	if c.seen == "" {
		oldest := vigil.Oldest()
		at, err := vigil.Locate(ctx, c.Space, &oldest)
		if err != nil {
			return nil, err
		}
		c.seen = at.Newest.EntryID()
	}
	messages, err := c.read(ctx, ">")
	if len(messages) > 0 {
		c.seen = messages[len(messages)-1].ID
	}
	if err != nil || len(messages) > 0 {
		return messages, err
	}
	entries, err := c.events.Next(ctx, c.seen)
	if len(entries) > 0 {
		c.seen = entries[len(entries)-1].ID
	}
	return nil, err
}

// claim takes entries that other workers left unfinished.
func (c *follower[E]) claim(ctx context.Context) ([]redis.XMessage, error) {
	return space.Do(ctx, c.Space, "claim events", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		messages, _, err := rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: c.Space.Key(space.Events), Group: c.Group, Consumer: c.Worker, MinIdle: c.Patience, Start: "0", Count: claimCount,
		}).Result()
		return messages, err
	})
}

func (c *follower[E]) read(ctx context.Context, after string) ([]redis.XMessage, error) {
	return space.Do(ctx, c.Space, "read events", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		streams, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: c.Group, Consumer: c.Worker, Streams: []string{c.Space.Key(space.Events), after}, Count: maxTogether, Block: -1,
		}).Result()
		if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return streams[0].Messages, nil
	})
}

// do makes a call that returns nothing.
func (c *follower[E]) do(ctx context.Context, what string, fn func(context.Context, redis.UniversalClient) error) error {
	_, err := space.Do(ctx, c.Space, what, func(ctx context.Context, rdb redis.UniversalClient) (struct{}, error) {
		return struct{}{}, fn(ctx, rdb)
	})
	return err
}

// finish handles the events of some entries together and acknowledges these.
func (c *follower[E]) finish(ctx context.Context, messages []redis.XMessage) error {
	var events []E
	ids := make([]string, len(messages))
	for i, message := range messages {
		ids[i] = message.ID
		if len(message.Values) == 0 {
			continue // it was trimmed before it was handled
		}
		told, err := c.Parse(message)
		if err != nil { // it would be as unreadable the next time, and hold up all that follows
			c.Space.Log().Error("matchq: skipped an unreadable entry of the events", "group", c.Group, "entry", message.ID, "error", err)
			continue
		}
		events = append(events, told...)
	}
	if len(events) > 0 {
		if err := c.Handle(ctx, events); err != nil {
			return &handleError{err}
		}
	}
	return c.do(ctx, "acknowledge events", func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.XAck(ctx, c.Space.Key(space.Events), c.Group, ids...).Err()
	})
}

// longSilent times the patience is how long a worker may be silent before it counts as killed.
const longSilent = 20

// removeIdleConsumers removes killed workers from the group, once others have taken their entries: workers may have new
// names each time, which would pile up. If that fails their names stay until the next time.
func (c *follower[E]) removeIdleConsumers(ctx context.Context) {
	_, _ = removeIdleScript.Call(ctx, c.Space, removeIdleArgs{Group: c.Group, IdleMS: (longSilent * c.Patience).Milliseconds()})
}

// resign removes the worker from the group unless it leaves something unfinished, or another process of that name does,
// in one step: Redis forgets the unfinished events of a removed worker. If that fails its name stays, which harms nobody.
func (c *follower[E]) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Space.Timeout())
	defer cancel()
	_, _ = removeIdleScript.Call(ctx, c.Space, removeIdleArgs{Group: c.Group, Worker: c.Worker})
}
