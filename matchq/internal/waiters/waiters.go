// Package waiters lets many callers wait for the ends of tickets, with one reader of events for all of them.
package waiters

import (
	"context"
	"math"
	"sync"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Standing is the state of a ticket in Redis.
type Standing int

const (
	Absent Standing = iota // unknown, or forgotten
	Live                   // it waits, or is proposed
	Ended
)

// Source is where the states of tickets come from. All of it must be set. Errors for which space.Passes holds are waited
// out; others end the waits that they concern.
type Source[T any] struct {
	Space *space.Space

	// Vigil says whether Redis may have lost tickets.
	Vigil interface {
		Follow(ctx context.Context, changed func()) (leave func())
		Check(ctx context.Context) error
		Jumps() int64
	}

	// Position is where the events end now.
	Position func(ctx context.Context) (string, error)

	// Watch tells the ends of tickets after a position, until ctx ends. If events are missing the error is Gap.
	Watch func(ctx context.Context, after string, tell func(id string, ended T)) error

	// Standings looks tickets up, maxLookUp at most.
	Standings func(ctx context.Context, ids []string) ([]Standing, error)

	// Ticket reads one, or fails with NotFound.
	Ticket func(ctx context.Context, id string) (T, error)

	Gap, NotFound, Lost error
}

// maxLookUp is how many tickets are looked up in a call.
const maxLookUp = 256

// Waiters are the callers that wait for tickets of a namespace.
type Waiters[T any] struct {
	Source[T]

	mu     sync.Mutex
	all    map[string]*ticket[T]
	asked  map[string]bool // tickets to look up
	calls  int             // of Wait so far
	run    *run[T]         // reads events while anybody waits
	losses int             // how often Redis may have lost something
	jumps  int64           // how often its clock was set, of the changes counted
}

// ticket is one that somebody waits for.
type ticket[T any] struct {
	callers map[chan outcome[T]]int // Waiters.calls when they came
	seen    bool                    // a lookup found it live
	losses  int                     // Waiters.losses at that time
}

type outcome[T any] struct {
	value T
	err   error
}

// New makes Waiters.
func New[T any](from Source[T]) *Waiters[T] {
	return &Waiters[T]{Source: from, all: map[string]*ticket[T]{}, asked: map[string]bool{}}
}

// Wait returns a ticket when it has ended. Errors: that of ctx, NotFound, Lost, those of the Source that don't pass.
func (w *Waiters[T]) Wait(ctx context.Context, id string) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	told := w.register(ctx, id)
	defer w.forget(id, told)
	select {
	case end := <-told:
		return end.value, end.err
	case <-ctx.Done():
	}
	select {
	case end := <-told: // it came in the same moment
		return end.value, end.err
	default:
		return none, ctx.Err()
	}
}

// register enters a caller, and has the ticket looked up unless its events are followed already: an end before that is
// found, a later one is told.
func (w *Waiters[T]) register(ctx context.Context, id string) chan outcome[T] {
	told := make(chan outcome[T], 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.all[id]
	if t == nil {
		t = &ticket[T]{callers: map[chan outcome[T]]int{}}
		w.all[id] = t
		w.asked[id] = true
	}
	w.calls++
	t.callers[told] = w.calls
	if w.run == nil {
		w.run = w.start(ctx)
	}
	w.run.lookSoon()
	return told
}

func (w *Waiters[T]) forget(id string, told chan outcome[T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.all[id]; t != nil {
		if delete(t.callers, told); len(t.callers) == 0 {
			w.drop(id)
		}
	}
	if len(w.all) == 0 && w.run != nil {
		w.run.stop()
		w.run = nil
	}
}

func (w *Waiters[T]) drop(id string) {
	delete(w.all, id)
	delete(w.asked, id)
}

// end tells all who wait for a ticket of its end.
func (w *Waiters[T]) end(id string, value T, err error) { w.endUntil(id, math.MaxInt, value, err) }

// endUntil tells those who were among the first calls. For later ones the ticket is looked up again: it may have come since.
func (w *Waiters[T]) endUntil(id string, calls int, value T, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.all[id]
	if t == nil {
		return
	}
	for told, call := range t.callers {
		if call <= calls {
			told <- outcome[T]{value, err} // there is room: each is told once
			delete(t.callers, told)
		}
	}
	if len(t.callers) == 0 {
		w.drop(id)
		return
	}
	t.seen, w.asked[id] = false, true
	if w.run != nil {
		w.run.lookSoon()
	}
}

// changed is called when Redis may have lost tickets, or its clock was set.
func (w *Waiters[T]) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if jumps := w.Vigil.Jumps(); jumps != w.jumps {
		w.jumps = jumps
	} else {
		w.losses++
	}
	w.askAll()
}

// askAll has all tickets looked up.
func (w *Waiters[T]) askAll() {
	for id := range w.all {
		w.asked[id] = true
	}
	if w.run != nil {
		w.run.lookSoon()
	}
}

// Waits says whether somebody waits for a ticket that a lookup found live. It is for tests.
func (w *Waiters[T]) Waits(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[id] != nil && w.all[id].seen
}
