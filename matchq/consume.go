package matchq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq/internal/work"
)

// ErrGiveUp as an error of Consume's handle, alone or wrapped, makes the event a dead letter at once: delivering it again
// would not help.
var ErrGiveUp = work.ErrGiveUp

// ErrLeaseLost is the context.Cause of a handler whose event another worker has by now, or nobody any more.
var ErrLeaseLost = work.ErrLeaseLost

// RetryError as an error of Consume's handle says after how long the event is to be delivered again, at most the longest
// of ConsumeOptions.Backoff.
type RetryError struct {
	After time.Duration // at least 1 ms
	Err   error
}

func (e *RetryError) Error() string { return e.Err.Error() }

func (e *RetryError) Unwrap() error { return e.Err }

// ConsumeOptions are those of Consume. Give all workers of a group the same; of Kinds, MaxWaiting, MaxDeadLetters and
// Retention those of the worker count that started last. Only Group must be set.
type ConsumeOptions struct {
	// Group names the group: a name. Each event goes to one worker of each group. A new group begins with the events that
	// are kept. A namespace has at most 100 groups.
	Group string

	// Kinds are those of the events that the group gets. Defaults to Matched.
	Kinds []State

	// Concurrency is how many events this call of Consume handles at once, from 1 to 1,000. Defaults to 10.
	Concurrency int

	// AckWait is how long after the last sign of life of a worker its events are delivered again, from 100 ms to 1 h. A
	// worker that lives gives a sign every third of that, and keeps them however long handle takes. So another worker with
	// a free handler gets those of a killed one after two thirds of AckWait at the soonest, and after AckWait and a call
	// to Redis at the latest. Defaults to 30 s.
	AckWait time.Duration

	// Backoff is how long after each failure of an event it is delivered again, from 1 ms to 24 h; the last one holds for
	// all later ones. Up to a tenth is added by chance. Defaults to 1 s, 5 s, 30 s, 2 min.
	Backoff []time.Duration

	// MaxDeliveries is how often an event is delivered before it becomes a dead letter; -1 for no end. Defaults to 5.
	MaxDeliveries int

	// MaxWaiting is how many events the group holds, those under way and dead letters apart. More stay in the event stream
	// until half of Config.Retention is over, and then push out the oldest, which the log tells. Defaults to 10,000.
	MaxWaiting int

	// MaxDeadLetters is how many dead letters the group keeps; more push out the oldest. Defaults to 1,000.
	MaxDeadLetters int

	// Retention is how long the group, its events and its dead letters outlive its last worker, at least 1 s, while some
	// process is in Run. A killed worker counts as alive for three times AckWait. Defaults to 24 h.
	Retention time.Duration
}

var (
	defaultBackoff = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute}
	eventKinds     = []State{Matched, Proposed, Restored, Cancelled, Expired, Assigned, Released, RulesChanged}
)

// completeOptions fills in the defaults, and checks the result.
func completeOptions(o ConsumeOptions) (ConsumeOptions, error) {
	if len(o.Kinds) == 0 {
		o.Kinds = []State{Matched}
	}
	if len(o.Backoff) == 0 {
		o.Backoff = defaultBackoff
	}
	for of, standard := range map[*int]int{&o.Concurrency: 10, &o.MaxDeliveries: 5, &o.MaxWaiting: 10_000, &o.MaxDeadLetters: 1000} {
		if *of == 0 {
			*of = standard
		}
	}
	for of, standard := range map[*time.Duration]time.Duration{&o.AckWait: 30 * time.Second, &o.Retention: 24 * time.Hour} {
		if *of == 0 {
			*of = standard
		}
	}
	return o, o.check()
}

func (o *ConsumeOptions) check() error {
	if err := CheckName("group", o.Group); err != nil {
		return err
	}
	for _, kind := range o.Kinds {
		if !slices.Contains(eventKinds, kind) {
			return &InvalidError{"kinds", fmt.Sprintf("must be among %v, not %q", eventKinds, kind)}
		}
	}
	if err := checkDuration("ack_wait", o.AckWait, 100*time.Millisecond); err != nil {
		return err
	}
	for _, pause := range o.Backoff {
		if err := checkDuration("backoff", pause, time.Millisecond); err != nil {
			return err
		}
	}
	if o.AckWait > time.Hour || slices.Max(o.Backoff) > 24*time.Hour {
		return &InvalidError{"ack_wait and backoff", "must be at most 1 h and 24 h"}
	}
	for _, n := range []struct {
		field           string
		is, least, most int
	}{
		{"concurrency", o.Concurrency, 1, 1000},
		{"max_deliveries", o.MaxDeliveries, -1, 1_000_000},
		{"max_waiting", o.MaxWaiting, 1, 1_000_000},
		{"max_dead_letters", o.MaxDeadLetters, 1, mostLetters},
	} {
		if n.is < n.least || n.is > n.most {
			return &InvalidError{n.field, fmt.Sprintf("must be from %d to %d, not %d", n.least, n.most, n.is)}
		}
	}
	return checkDuration("retention", o.Retention, time.Second)
}

// Consume hands each match, or other events, to one worker of a group until ctx ends; each call is a worker, in this
// process or another. handle is called in a goroutine for each event, Concurrency of them at once; Event.Delivery counts
// its deliveries. It returns nil once it is done with the event.
//
// An event whose handle fails, or panics, is delivered again after Backoff, to any worker, and is a dead letter after
// MaxDeliveries, or at once with ErrGiveUp: see DeadLetters. A slow or failing event holds up no other, as long as another
// handler is free. An event whose worker dies is delivered again after AckWait. So each event is handled at least once,
// and more than once only if a worker dies, is away from Redis for AckWait or Redis loses data or its clock is set: make
// handle safe to repeat, by the event's ID.
//
// When ctx ends, that of the handlers ends too, and Consume returns nil when they have returned; their events, if they
// failed, go to others at once. While Redis is away, or refuses, Consume logs that and goes on trying. It skips and logs an
// unreadable entry, counted in Group.Unreadable. It fails with an *InvalidError about options, or for good, as by a *ConfigError.
func (m *Matcher) Consume(ctx context.Context, options ConsumeOptions, handle func(context.Context, Event) error) error {
	o, err := completeOptions(options)
	if err != nil {
		return err
	}
	if handle == nil {
		return &InvalidError{"handle", "must not be nil"}
	}
	kinds := make([]string, len(o.Kinds))
	for i, kind := range o.Kinds {
		kinds[i] = string(kind)
	}
	longest := slices.Max(o.Backoff)
	err = work.Run(ctx, work.Config{
		Settings: work.Settings{Group: o.Group, Kinds: kinds, MaxReady: o.MaxWaiting, MaxDead: o.MaxDeadLetters, Retention: o.Retention},
		Space:    m.space, Concurrency: o.Concurrency, AckWait: o.AckWait, Longest: max(longest+longest/10, o.AckWait),
		MaxDeliveries: max(0, o.MaxDeliveries),
		Handle: func(ctx context.Context, d *work.Delivery) error {
			event, err := eventOf(d.ID, d.Fields)
			if err != nil {
				return err
			}
			event.Delivery = d.Number
			return handle(ctx, event)
		},
		Again: func(number int, err error) time.Duration {
			if later, ok := errors.AsType[*RetryError](err); ok {
				return max(later.After, time.Millisecond)
			}
			return o.Backoff[min(number, len(o.Backoff))-1]
		},
	})
	if errors.Is(err, work.ErrTooManyGroups) {
		return &InvalidError{"group", fmt.Sprintf("must be one of at most %d: delete another", work.MaxGroups)}
	}
	return err
}
