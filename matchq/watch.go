package matchq

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/streams"
	"github.com/matchq/matchq/matchq/internal/vigil"
)

// Watch returns every event of the namespace after a position, in order, and waits for more until ctx ends; then it
// ends without an error. The position is an Event.ID, what Position returned, FromNow or FromOldest. To miss nothing,
// take the Position before you enqueue, and go on after the last event you have dealt with.
//
// While Redis is away, or refuses, it yields an ErrUnavailable or ErrRefused once, goes on trying, and then goes on where
// it was: range on, or break. It ends with ErrGap if events were missed, and with an *InvalidError if after is no position. An
// entry that it can't read, of another program or a later version, is logged and yields an ErrGap too: range on, or watch from now.
func (m *Matcher) Watch(ctx context.Context, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer m.vigil.Follow(ctx, 0, nil)()
		events := streams.Follow(ctx, m.space, m.space.Key(space.Events))
		defer events.Leave()
		w := watcher{m: m, yield: yield, events: events}
		if err := w.run(ctx, after); err != nil && !errors.Is(err, errBreak) && ctx.Err() == nil {
			yield(Event{}, err)
		}
	}
}

var errBreak = errors.New("break") // the caller has left its loop over the events

// watcher is one Watch.
type watcher struct {
	m      *Matcher
	yield  func(Event, error) bool
	events *streams.Follower
	cursor vigil.Position
	redis  vigil.Identity // that the cursor is among the events of
	placed bool           // the cursor was compared with the stream since it last stood still
}

func (w *watcher) run(ctx context.Context, after string) error {
	fromNow := after == FromNow
	if !fromNow {
		var err error
		if w.cursor, err = parsePosition(after); err != nil {
			return err
		}
	}
	var pause space.Backoff
	for ctx.Err() == nil {
		err := w.step(ctx, &fromNow)
		switch {
		case err == nil:
			pause.Reset()
		case !space.Passes(err):
			return err
		case ctx.Err() == nil:
			if !pause.Began() && !w.yield(Event{}, err) {
				return errBreak
			}
			w.placed = false
			space.Sleep(ctx, pause.Next())
		}
	}
	return nil
}

// step reads the entries after the cursor, waiting for them up to a second, and yields them.
func (w *watcher) step(ctx context.Context, fromNow *bool) error {
	if !w.placed {
		if err := w.place(ctx, fromNow); err != nil {
			return err
		}
	}
	messages, err := w.events.Next(ctx, w.cursor.ReadAfter())
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		w.placed = false // the driver may have found its way to another Redis without a word
		return nil
	}
	// Entries that were trimmed before the read got there are missing from its answer. Another Redis may have answered: its
	// entries pass the cursor's place soon, so the cursor is compared before they are told.
	var own *vigil.Position
	if w.redis.Replication == "" {
		own = &w.cursor
	}
	p, err := vigil.Locate(ctx, w.m.space, own)
	switch {
	case err != nil:
		return err
	case !p.Follows(w.redis):
		w.placed = false
		return nil
	case p.Lacks(w.cursor):
		return ErrGap
	}
	w.redis = p.Identity
	for _, message := range messages {
		if err := w.tell(message); err != nil {
			return err
		}
	}
	return nil
}

// place compares the cursor with the stream.
func (w *watcher) place(ctx context.Context, fromNow *bool) error {
	p, err := vigil.Locate(ctx, w.m.space, &w.cursor)
	if err != nil {
		return err
	}
	if *fromNow {
		w.cursor, *fromNow = p.Newest, false
	} else if w.redis.Born != "" && w.redis.Born != p.Born || p.Lacks(w.cursor) {
		return ErrGap
	}
	w.redis, w.placed = p.Identity, true
	return nil
}

// tell yields the events of an entry that the cursor has not passed, and moves it.
func (w *watcher) tell(message redis.XMessage) error {
	here, err := parsePosition(message.ID)
	if err != nil {
		return err
	}
	e, err := parseMessage(message)
	if err != nil { // it would be as unreadable the next time, and hold up all that follows
		w.cursor = here
		w.m.space.Log().Error("matchq: skipped an unreadable entry of the events", "entry", message.ID, "error", err)
		if !w.yield(Event{}, fmt.Errorf("%w: %w", ErrGap, err)) {
			return errBreak
		}
		return nil
	}
	for place := w.cursor.PlaceAfter(here); place < e.Places(); place++ {
		ev := e.event(place)
		w.m.hooks.watched(&ev)
		if !w.yield(ev, nil) {
			return errBreak
		}
	}
	w.cursor = here
	return nil
}
