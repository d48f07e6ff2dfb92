package waiters

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq/internal/space"
)

// run reads events from when the first caller comes until the last one is gone.
type run[T any] struct {
	*Waiters[T]

	stop   context.CancelFunc
	look   chan struct{} // has room for one
	outage space.Outage
}

// maxReads is how many tickets that have ended are read at the same time.
const maxReads = 8

// start starts a run. It serves later callers too, so it must not end with the context of the first one.
func (w *Waiters[T]) start(ctx context.Context) *run[T] {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // forget and fail call it
	r := &run[T]{Waiters: w, stop: stop, look: make(chan struct{}, 1), outage: space.Outage{
		Log: w.Space.Log(), Begins: "matchq: redis is away or refuses, waits go on when it answers", Ends: "matchq: redis answers, waits go on",
	}}
	w.jumps = w.Vigil.Jumps()
	go r.follow(ctx)
	return r
}

func (r *run[T]) lookSoon() {
	select {
	case r.look <- struct{}{}:
	default:
	}
}

// follow tells the ends of tickets until ctx ends. Whenever it takes up a position, all tickets are looked up after that.
func (r *run[T]) follow(ctx context.Context) {
	defer r.Vigil.Follow(ctx, r.changed)()
	looks := make(chan struct{})
	var looking bool
	for ctx.Err() == nil {
		after, err := r.place(ctx)
		if err == nil {
			r.outage.Over()
			r.mu.Lock()
			r.askAll()
			r.mu.Unlock()
			if !looking {
				looking = true
				go func() { defer close(looks); r.lookUp(ctx) }()
			}
			err = r.Watch(ctx, after, func(id string, ended T) { r.end(id, ended, nil) })
		}
		switch {
		case ctx.Err() != nil || err == nil || errors.Is(err, r.Gap):
		case space.Passes(err):
			r.outage.Wait(ctx, err)
		default:
			r.fail(err)
		}
	}
	if looking {
		<-looks
	}
}

// place is the position to read events from, in a Redis whose identity is known: a loss that follows is noticed.
func (r *run[T]) place(ctx context.Context) (string, error) {
	if err := r.Vigil.Check(ctx); err != nil {
		return "", err
	}
	return r.Position(ctx)
}

// fail ends the run, and all waits with an error.
func (r *run[T]) fail(err error) {
	r.mu.Lock()
	var ids []string
	for id := range r.all {
		ids = append(ids, id)
	}
	if r.run == r {
		r.run = nil
	}
	r.mu.Unlock()
	r.stop()
	var none T
	for _, id := range ids {
		r.end(id, none, err)
	}
}

// lookUp looks up the tickets that were asked for, until ctx ends.
func (r *run[T]) lookUp(ctx context.Context) {
	outage := space.Outage{
		Log: r.Space.Log(), Begins: "matchq: tickets that are waited for can't be looked up yet", Ends: "matchq: tickets that are waited for are looked up",
	}
	for {
		select {
		case <-r.look:
		case <-ctx.Done():
			return
		}
		for ids := r.take(); len(ids) > 0 && ctx.Err() == nil; ids = r.take() {
			err := r.lookUpSome(ctx, ids)
			switch {
			case err == nil:
				outage.Over()
			case space.Passes(err):
				r.again(ids)
				outage.Wait(ctx, err)
			case ctx.Err() == nil:
				r.fail(err)
			}
		}
	}
}

// take takes tickets that were asked for.
func (r *run[T]) take() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.run != r {
		return nil // the next run looks all up
	}
	for id := range r.asked {
		if len(ids) == maxLookUp {
			break
		}
		ids = append(ids, id)
		delete(r.asked, id)
	}
	return ids
}

// again asks for tickets once more. Those that have ended meanwhile are left out.
func (r *run[T]) again(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if r.all[id] != nil {
			r.asked[id] = true
		}
	}
}

// lookUpSome looks tickets up.
func (r *run[T]) lookUpSome(ctx context.Context, ids []string) error {
	r.mu.Lock()
	losses, calls := r.losses, r.calls
	r.mu.Unlock()
	standings, err := r.Standings(ctx, ids)
	if err != nil {
		return err
	}
	reads, readCtx := errgroup.WithContext(ctx)
	reads.SetLimit(maxReads)
	for i, id := range ids {
		switch standings[i] {
		case Live:
			r.seen(id, losses)
		case Ended:
			reads.Go(func() error { return r.read(readCtx, id, calls) })
		default:
			reads.Go(func() error { return r.miss(readCtx, id, calls) })
		}
	}
	return reads.Wait()
}

// seen notes that a ticket was live after so many losses.
func (r *run[T]) seen(id string, losses int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.all[id]; t != nil {
		t.seen, t.losses = true, losses
	}
}

// read tells the end of a ticket that has ended.
func (r *run[T]) read(ctx context.Context, id string, calls int) error {
	ended, err := r.Ticket(ctx, id)
	switch {
	case err == nil:
		r.end(id, ended, nil)
		return nil
	case errors.Is(err, r.NotFound): // it was forgotten since
		return r.miss(ctx, id, calls)
	case space.Passes(err) || ctx.Err() != nil:
		return err
	default: // this ticket can't be read, others can
		r.endUntil(id, calls, ended, err)
		return nil
	}
}

// miss tells that Redis does not have a ticket. It was lost if it was there before a loss; else it is unknown, or was
// forgotten while events were missed.
func (r *run[T]) miss(ctx context.Context, id string, calls int) error {
	if err := r.Vigil.Check(ctx); err != nil { // a loss may not have been noticed yet
		return err
	}
	r.mu.Lock()
	t := r.all[id]
	lost := t != nil && t.seen && r.losses > t.losses
	r.mu.Unlock()
	var none T
	if lost {
		r.endUntil(id, calls, none, r.Lost)
	} else {
		r.endUntil(id, calls, none, r.NotFound)
	}
	return nil
}
