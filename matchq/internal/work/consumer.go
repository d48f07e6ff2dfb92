package work

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/streams"
)

// ErrGiveUp says that delivering an event again would not help.
var ErrGiveUp = errors.New("matchq: give up")

// ErrLeaseLost is the cause that ends the context of a handler whose event another worker has, or nobody any more.
var ErrLeaseLost = errors.New("matchq: the lease was lost")

// ErrTooManyGroups says that the namespace has MaxGroups groups already.
var ErrTooManyGroups = errors.New("matchq: too many groups")

// Delivery is an event that a worker was given.
type Delivery struct {
	Number int               // from 1
	Fields map[string]string // of the event, as codec.ParseEntry reads them
	ID     string
}

// Config is that of a worker.
type Config struct {
	Settings

	Space         *space.Space
	Concurrency   int
	AckWait       time.Duration
	Longest       time.Duration // the longest time until a redelivery
	MaxDeliveries int           // 0: no end

	Handle func(context.Context, *Delivery) error
	// Again is after how long an event that failed is delivered again.
	Again func(number int, err error) time.Duration
}

// consumer is a worker of a group. Its fields belong to the goroutine of Run.
type consumer struct {
	Config

	worker   string
	turn     int
	outage   space.Outage
	running  map[*task]bool
	settled  []row         // what tasks came to, until Redis is told
	pending  *workArgs     // a call without an answer, which is repeated as it was
	filling  bool          // there may be events to make work of
	position string        // of the group, behind which this worker waits for events
	full     bool          // the group has as much work as it may
	ready    bool          // there may be events that no worker has
	next     time.Duration // until one more is
	renewAt  time.Time     // when leases must be renewed
	watchErr error         // why watching for events fails; nil if it does not
	ending   bool          // nothing is begun any more

	ended chan *task
	found chan error  // that there are events behind position, or why that is not known
	after chan string // the position, the latest only
}

// Run handles events until ctx ends, and then waits for the handlers. It returns nil then, else why going on makes no
// sense.
func Run(ctx context.Context, config Config) error {
	c := &consumer{
		Config: config, worker: space.NewID(), running: map[*task]bool{}, ended: make(chan *task, config.Concurrency),
		found: make(chan error, 1), after: make(chan string, 1), filling: true, ready: true,
		outage: space.Outage{
			Log: config.Space.Log(), Begins: "matchq: redis is away or refuses, no events until it answers",
			Ends: "matchq: redis answers, events go on", Attrs: []any{"group", config.Group},
		},
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	if err := c.join(ctx); err != nil {
		return err
	}
	var watching sync.WaitGroup
	watching.Go(func() { c.watch(working) })
	defer watching.Wait()
	err := c.loop(working)
	stop()
	c.finish(ctx)
	return err
}

// join makes the group, as often as it takes.
func (c *consumer) join(ctx context.Context) error {
	for ctx.Err() == nil {
		ok, err := Join(ctx, c.Space, &c.Settings)
		switch {
		case err == nil && !ok:
			return ErrTooManyGroups
		case err == nil:
			return nil
		case ctx.Err() == nil && !space.Passes(err):
			return err
		}
		c.outage.Wait(ctx, err)
	}
	return nil
}

// loop works until ctx ends.
func (c *consumer) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case t := <-c.ended:
			c.ending = ctx.Err() != nil
			c.settle(t)
		case c.watchErr = <-c.found:
			c.filling, c.ready = true, true
		case <-timer.C:
		}
		c.settleEnded(ctx)
		err := c.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && c.watchErr != nil:
			c.outage.Note(c.watchErr)
			timer.Reset(c.rest())
		case err == nil:
			c.outage.Over()
			timer.Reset(c.rest())
		case space.Passes(err):
			c.outage.Wait(ctx, err)
			timer.Reset(0)
		default:
			return err
		}
	}
}

// rest is how long there is nothing to do unless a task ends or events come.
func (c *consumer) rest() time.Duration {
	free := len(c.running) < c.Concurrency
	if free && (c.ready || c.filling) {
		return 0
	}
	rest := min(time.Second, c.AckWait/3, time.Until(c.renewAt)) // other workers may lease, give back and revive events
	if free && c.next >= 0 {
		rest = min(rest, c.next)
	}
	return max(rest, time.Millisecond)
}

// step fills the group if there may be events, settles finished tasks, renews leases, and starts tasks.
func (c *consumer) step(ctx context.Context) error {
	if c.filling || c.full {
		f, err := fill(ctx, c.Space, c.Group, 0)
		if err != nil {
			return err
		}
		if !f.exists {
			return c.rejoin(ctx)
		}
		c.filling, c.full, c.position = f.more, f.full, f.position
		if !f.more && !f.full {
			select {
			case <-c.after: // it was not taken yet
			default:
			}
			c.after <- f.position
		}
	}
	exists, err := c.exchange(ctx, c.Concurrency-len(c.running))
	if err == nil && !exists {
		return c.rejoin(ctx)
	}
	return err
}

// rejoin makes the group once more: Redis was emptied, or somebody deleted the group.
func (c *consumer) rejoin(ctx context.Context) error {
	c.Space.Log().Warn("matchq: the group and its work were gone; the group begins anew", "group", c.Group)
	c.filling, c.ready = true, true
	for t := range c.running {
		t.lose()
	}
	return c.join(ctx)
}

// finish waits for the handlers, whose context has ended, and settles their results. An event whose result can't reach Redis
// is delivered again when its lease is over.
func (c *consumer) finish(ctx context.Context) {
	c.ending = true
	ctx = context.WithoutCancel(ctx)
	keeping := time.NewTimer(time.Until(c.renewAt))
	defer keeping.Stop()
	for len(c.running) > 0 {
		select {
		case t := <-c.ended:
			c.settle(t)
		case <-keeping.C:
			_, err := c.exchange(ctx, 0)
			rest := time.Until(c.renewAt)
			if err != nil {
				rest = c.AckWait / 6
			}
			keeping.Reset(max(rest, time.Millisecond))
		}
	}
	for left := false; !left; {
		left = c.pending == nil && len(c.settled) <= maxRows
		if _, err := c.exchange(ctx, 0); err != nil {
			return
		}
	}
}

// watch waits for events behind the positions that it is given, until ctx ends. It reads through the one read that all
// streams of the process share, though it only wants to know that there are events: a group is filled in Redis.
func (c *consumer) watch(ctx context.Context) {
	events := streams.Follow(ctx, c.Space, c.Space.Key(space.Events))
	defer events.Leave()
	var pause space.Backoff
	for {
		select {
		case <-ctx.Done():
			return
		case after := <-c.after:
			err := c.await(ctx, events, after, pause.Began())
			if err != nil {
				space.Sleep(ctx, pause.Next())
			} else {
				pause.Reset()
			}
			select {
			case c.found <- err:
			case <-ctx.Done():
			}
		}
	}
}

// await waits for an entry behind a position, or until ctx ends; only until Redis answers if once is set. A later position
// takes the place of the first.
func (c *consumer) await(ctx context.Context, events *streams.Follower, after string, once bool) error {
	for ctx.Err() == nil {
		if found, err := events.Next(ctx, after); len(found) > 0 || err != nil || once {
			return err
		}
		select {
		case after = <-c.after:
		default:
		}
	}
	return nil
}
