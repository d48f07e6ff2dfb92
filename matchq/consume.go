package matchq

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

var removeIdleScript = space.Bind[removeIdleArgs]("match/remove_idle")

type removeIdleArgs struct {
	Group  string `lua:"group"`
	IdleMS int64  `lua:"idle_ms"`
}

// Consume hands each event of the namespace to one worker of a group, in any number of processes, until ctx ends; it
// then returns nil. Every group gets every event from the oldest kept on. handle is called for one event at a time.
//
// Each event is handled at least once, as long as it is within Config.Retention: an event that a worker has not finished
// goes to the same worker when it comes back, or to another one after a quarter of the retention. Up to 50 matches
// that were made together come together, and come again together.
//
// An error of handle ends Consume with that error, as does an *InvalidError about the names. While Redis is away, or
// refuses, Consume logs that and goes on trying.
func (m *Matcher) Consume(ctx context.Context, group, worker string, handle func(context.Context, Event) error) error {
	return m.consume(ctx, group, worker, (m.cfg.Retention / 4).Truncate(time.Millisecond), 1, func(ctx context.Context, events []Event) error {
		for _, event := range events {
			if err := handle(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxTogether is how many entries of the stream ConsumeTogether hands over at once.
const maxTogether = 8

// ConsumeTogether is Consume for work that is cheaper done at once: handle gets all events of up to eight entries of the
// stream together, each of up to 50 matches, or as many as ended together. They also come again together. Events that a
// worker has not finished go to another one after patience, at least 10 ms, which must be longer than handle takes. A worker
// that ends with nothing left to do is removed from the group, and so is a killed one, after 20 times the patience: workers
// may have new names each time.
func (m *Matcher) ConsumeTogether(
	ctx context.Context, group, worker string, patience time.Duration, handle func(context.Context, []Event) error,
) error {
	return m.consume(ctx, group, worker, patience, maxTogether, handle)
}

func (m *Matcher) consume(
	ctx context.Context, group, worker string, patience time.Duration, together int, handle func(context.Context, []Event) error,
) error {
	if err := CheckName("group", group); err != nil {
		return err
	}
	if err := CheckName("worker", worker); err != nil {
		return err
	}
	if err := checkDuration("patience", patience, 10*time.Millisecond); err != nil {
		return err
	}
	c := consumer{m: m, group: group, worker: worker, patience: patience, together: together, handle: handle, mine: "0"}
	defer c.resign(ctx)
	outage := space.Outage{
		Log: m.cfg.Logger, Begins: "matchq: redis is away or refuses, no events until it answers", Ends: "matchq: redis answers, events go on",
		Attrs: []any{"group", group, "worker", worker},
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
			c.mine, c.joined = "0", false
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

// consumer is one Consume.
type consumer struct {
	m             *Matcher
	group, worker string
	patience      time.Duration
	together      int // entries that are handled at once
	handle        func(context.Context, []Event) error
	joined        bool      // the group exists
	mine          string    // where to go on among this worker's unfinished entries; "" when through
	claimed       time.Time // when it last looked for unfinished entries of other workers
}

func (c *consumer) step(ctx context.Context) error {
	if !c.joined {
		if err := c.join(ctx); err != nil {
			return err
		}
		c.joined = true
	}
	messages, err := c.next(ctx)
	if isGone(err) {
		c.joined = false // somebody emptied Redis
		return nil
	}
	if err != nil {
		return err
	}
	for some := range slices.Chunk(messages, c.together) {
		if err := c.finish(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// isGone says whether there is no group, or no stream any more under a read that waited.
func isGone(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// join makes the group unless it is there.
func (c *consumer) join(ctx context.Context) error {
	return c.do(ctx, "make group", func(ctx context.Context, rdb redis.UniversalClient) error {
		err := rdb.XGroupCreateMkStream(ctx, c.m.space.Key(space.Events), c.group, "0").Err()
		if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return nil // it exists
		}
		return err
	})
}

// next finds entries to handle: this worker's unfinished ones, those of others, new ones.
func (c *consumer) next(ctx context.Context) ([]redis.XMessage, error) {
	if c.mine != "" {
		messages, err := c.read(ctx, c.mine, -1)
		if err != nil || len(messages) > 0 {
			if len(messages) > 0 {
				c.mine = messages[len(messages)-1].ID
			}
			return messages, err
		}
		c.mine = ""
	}
	if time.Since(c.claimed) >= c.patience/2 {
		messages, err := c.claim(ctx)
		if err != nil || len(messages) > 0 {
			return messages, err // and look again before waiting for new ones
		}
		c.claimed = time.Now()
		c.removeIdleConsumers(ctx)
	}
	return c.read(ctx, ">", c.m.block())
}

// claimCount is how many entries are claimed at once.
const claimCount = 16

// claim takes entries that other workers left unfinished.
func (c *consumer) claim(ctx context.Context) ([]redis.XMessage, error) {
	return space.Do(ctx, c.m.space, "claim events", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		messages, _, err := rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: c.m.space.Key(space.Events), Group: c.group, Consumer: c.worker, MinIdle: c.patience, Start: "0", Count: claimCount,
		}).Result()
		return messages, err
	})
}

func (c *consumer) read(ctx context.Context, after string, block time.Duration) ([]redis.XMessage, error) {
	return space.Do(ctx, c.m.space, "read events", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		return entriesOf(rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: c.group, Consumer: c.worker, Streams: []string{c.m.space.Key(space.Events), after}, Count: int64(c.together), Block: block,
		}).Result())
	})
}

// do makes a call that returns nothing.
func (c *consumer) do(ctx context.Context, what string, fn func(context.Context, redis.UniversalClient) error) error {
	_, err := space.Do(ctx, c.m.space, what, func(ctx context.Context, rdb redis.UniversalClient) (struct{}, error) {
		return struct{}{}, fn(ctx, rdb)
	})
	return err
}

// finish handles the events of some entries together and acknowledges these.
func (c *consumer) finish(ctx context.Context, messages []redis.XMessage) error {
	var events []Event
	ids := make([]string, len(messages))
	for i, message := range messages {
		ids[i] = message.ID
		if len(message.Values) == 0 {
			continue // it was trimmed before it was handled
		}
		e, err := parseMessage(message)
		if err != nil && i > 0 {
			return cmp.Or(c.finish(ctx, messages[:i]), err)
		}
		if err != nil {
			return err
		}
		for place := range e.Places() {
			events = append(events, e.event(place))
		}
	}
	if len(events) > 0 {
		if err := c.handle(ctx, events); err != nil {
			return &handleError{err}
		}
	}
	return c.do(ctx, "acknowledge events", func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.XAck(ctx, c.m.space.Key(space.Events), c.group, ids...).Err()
	})
}

// longSilent times the patience is how long a worker may be silent before it counts as killed.
const longSilent = 20

// removeIdleConsumers removes killed workers from the group, once others have taken their entries: workers may have new
// names each time, which would pile up. If that fails their names stay until the next time.
func (c *consumer) removeIdleConsumers(ctx context.Context) {
	_, _ = removeIdleScript.Call(ctx, c.m.space, removeIdleArgs{Group: c.group, IdleMS: (longSilent * c.patience).Milliseconds()})
}

// resign removes the worker from the group unless it leaves something unfinished. If that fails its name stays, which
// harms nobody.
func (c *consumer) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.m.cfg.Timeout)
	defer cancel()
	if unfinished, err := c.read(ctx, "0", -1); err != nil || len(unfinished) > 0 {
		return
	}
	_ = c.do(ctx, "leave group", func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.XGroupDelConsumer(ctx, c.m.space.Key(space.Events), c.group, c.worker).Err()
	})
}
