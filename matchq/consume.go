package matchq

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Consume hands each event of the namespace to one worker of a group, in any number of processes, until ctx ends; it
// then returns nil. Every group gets every event from the oldest kept on. handle is called for one event at a time.
//
// Each event is handled at least once, as long as it is within Config.Retention: what a worker has not finished is
// handed to the same worker when it comes back, or to another one after a quarter of the retention. Up to 50 matches
// that were made together come together, and come again together.
//
// An error of handle ends Consume with that error, as does an *InvalidError about the names. While Redis is away
// Consume logs that and goes on trying.
func (m *Matcher) Consume(ctx context.Context, group, worker string, handle func(context.Context, Event) error) error {
	return m.ConsumeTogether(ctx, group, worker, (m.cfg.Retention / 4).Truncate(time.Millisecond), func(ctx context.Context, events []Event) error {
		for _, event := range events {
			if err := handle(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
}

// ConsumeTogether is Consume for work that is cheaper done at once: handle gets all events of an entry of the stream
// together, up to 50 matches, or as many as ended together. What a worker has not finished goes to another one after
// patience, at least 10 ms, which must be longer than handle takes. A worker that ends with nothing left to do is struck
// off the group, and so is one that was killed, after 20 times the patience: workers may have new names each time.
func (m *Matcher) ConsumeTogether(
	ctx context.Context, group, worker string, patience time.Duration, handle func(context.Context, []Event) error,
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
	c := consumer{m: m, group: group, worker: worker, patience: patience, handle: handle, mine: "0"}
	defer c.resign(ctx)
	var pause backoff
	for ctx.Err() == nil {
		err := c.step(ctx)
		var handled *handleError
		switch {
		case ctx.Err() != nil: // that was the end
		case errors.As(err, &handled):
			return handled.err
		case err == nil:
			pause = backoff{}
		case errors.Is(err, ErrUnavailable):
			if pause == (backoff{}) {
				m.cfg.Logger.Warn("matchq: no events until redis answers", "group", group, "worker", worker, "error", err)
			}
			c.mine, c.joined = "0", false
			sleep(ctx, pause.next())
		default:
			return err
		}
	}
	return nil
}

// handleError keeps apart what handle said from what Redis did, since handle may well call this library.
type handleError struct{ err error }

func (e *handleError) Error() string { return e.err.Error() }

// consumer is one Consume.
type consumer struct {
	m             *Matcher
	group, worker string
	patience      time.Duration
	handle        func(context.Context, []Event) error
	joined        bool      // the group exists
	mine          string    // where to go on among what this worker left unfinished before; "" when through
	claimed       time.Time // when it last looked for what other workers left
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
	for _, message := range messages {
		if err := c.finish(ctx, message); err != nil {
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
	_, err := within(ctx, c.m, nil, func(ctx context.Context) (struct{}, error) {
		err := c.m.rdb.XGroupCreateMkStream(ctx, c.m.keys.events, c.group, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return struct{}{}, failure("make group", err)
		}
		return struct{}{}, nil
	})
	return err
}

// next finds entries to handle: what this worker left, what others left, what is new.
func (c *consumer) next(ctx context.Context) ([]redis.XMessage, error) {
	return within(ctx, c.m, nil, func(ctx context.Context) ([]redis.XMessage, error) {
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
			messages, _, err := c.m.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
				Stream: c.m.keys.events, Group: c.group, Consumer: c.worker, MinIdle: c.patience, Start: "0", Count: readCount,
			}).Result()
			if err != nil {
				return nil, failure("claim events", err)
			}
			if len(messages) > 0 {
				return messages, nil // and look again before waiting for new ones
			}
			c.claimed = time.Now()
			c.strike(ctx)
		}
		return c.read(ctx, ">", c.m.block())
	})
}

func (c *consumer) read(ctx context.Context, after string, block time.Duration) ([]redis.XMessage, error) {
	streams, err := c.m.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: c.group, Consumer: c.worker, Streams: []string{c.m.keys.events, after}, Count: 1, Block: block,
	}).Result()
	return entriesOf(streams, err)
}

// finish handles the events of an entry and acknowledges it.
func (c *consumer) finish(ctx context.Context, message redis.XMessage) error {
	if len(message.Values) > 0 { // else it was trimmed before it was handled
		e, err := parseMessage(message)
		if err != nil {
			return err
		}
		events := make([]Event, e.places())
		for place := range events {
			events[place] = e.event(place)
		}
		if err := c.handle(ctx, events); err != nil {
			return &handleError{err}
		}
	}
	_, err := within(ctx, c.m, nil, func(ctx context.Context) (struct{}, error) {
		if err := c.m.rdb.XAck(ctx, c.m.keys.events, c.group, message.ID).Err(); err != nil {
			return struct{}{}, failure("acknowledge event", err)
		}
		return struct{}{}, nil
	})
	return err
}

// longSilent times the patience is how long a worker may be silent until it is taken for one that was killed.
const longSilent = 20

// strike has workers that were killed struck off the group, once others have taken what they left: nodes have new names
// each time, which would pile up. If that fails their names stay until the next time.
func (c *consumer) strike(ctx context.Context) {
	k := &c.m.keys
	_, _ = c.m.write(ctx, c.m.scripts.strike, []string{k.meta, k.events}, c.group, (longSilent * c.patience).Milliseconds())
}

// resign strikes the worker off the group unless it leaves something unfinished. If that fails its name stays, which
// harms nobody.
func (c *consumer) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.m.cfg.Timeout)
	defer cancel()
	_, _ = within(ctx, c.m, nil, func(ctx context.Context) (int64, error) {
		unfinished, err := c.read(ctx, "0", -1)
		if err != nil || len(unfinished) > 0 {
			return 0, err
		}
		return c.m.rdb.XGroupDelConsumer(ctx, c.m.keys.events, c.group, c.worker).Result()
	})
}
