// Package sender sends rows to Redis in batches: those that come while calls are under way go together in the next ones
// (group commit). There is no timer: a row that finds nothing under way goes at once, with those whose goroutines were ready
// to run in the same moment.
//
// Two batches may be under way, on two connections, so that Redis and this process work at the same time. What callers
// were promised stays true by four rules:
//
//   - The second leaves only while the first is young. A Redis that freezes then has one batch or two that came to it at
//     the same time; callers who come later take their rows back, and know that nothing was queued.
//   - A player whose row is under way has no other row under way: the answer to the later depends on the earlier.
//   - Rows of one call and one queue do not fly together, since the second batch may arrive first.
//   - A batch has at most 128 rows, so that two of them don't hold up others for long.
package sender

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// MaxRows is the most rows a batch has.
const MaxRows = 128

const (
	maxFlights = 2
	youth      = 50 * time.Millisecond
)

// Config says how rows of the kind R are sent, and answers of the kind A made.
type Config[R, A any] struct {
	Space *space.Space
	Limit int // rows a batch; more than 128 count as 128
	Room  int // for rows that wait

	// Send sends a batch and fills in the answers, which are zero before. It returns when the driver does.
	Send func(ctx context.Context, batch []*Pending[R, A], answers []A) error
	// Sent is told of each batch that was sent, before its callers are.
	Sent func(batch []*Pending[R, A], answers []A)

	Failed  func(err error) A // the answer if nothing was written
	Unknown func(err error) A // the answer if something may have been written, or may still be
}

// Sender sends rows of one namespace. It is safe for use by many goroutines.
type Sender[R, A any] struct {
	cfg   Config[R, A]
	youth time.Duration
	pool  sync.Pool // of *Pending[R, A] that have had their answers

	mu      sync.Mutex
	waiting waiting[R, A]
	flights []*flight[R, A]
	suspect bool // the last batch got no answer that settles it
	crowd   bool // the last batch had more than one row
	calls   uint64

	came atomic.Uint64 // rows that came one by one
}

// flight is a batch under way.
type flight[R, A any] struct {
	began  time.Time
	boards bool             // it waits for rows that come in the same moment, and has no batch yet
	probes bool             // it asks for a sign of life first
	batch  []*Pending[R, A] // none during a probe, and after it landed
}

// New makes a Sender.
func New[R, A any](cfg Config[R, A]) *Sender[R, A] {
	cfg.Limit = min(cfg.Limit, MaxRows)
	s := &Sender[R, A]{cfg: cfg, youth: youth}
	s.waiting.players, s.waiting.ids = map[string]struct{}{}, map[string]struct{}{}
	s.pool.New = func() any { return &Pending[R, A]{answer: make(chan A, 1)} }
	return s
}

// Add hands over a row. It returns nil if there is no room. The batch has the values of the context of its first row.
func (s *Sender[R, A]) Add(ctx context.Context, row R, key Key) *Pending[R, A] {
	p := s.pending(ctx, row, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiting.add(s.cfg.Room, p) {
		s.Release(p)
		return nil
	}
	s.came.Add(1)
	s.depart()
	return p
}

// AddAll hands over the rows of one call, if there is room for one at least. Else it returns nil. Rows of one queue keep
// their order.
func (s *Sender[R, A]) AddAll(ctx context.Context, rows []R, keys []Key) []*Pending[R, A] {
	all := make([]*Pending[R, A], len(rows))
	for i := range rows {
		all[i] = s.pending(ctx, rows[i], keys[i])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	for _, p := range all {
		p.call = s.calls
	}
	if !s.waiting.add(s.cfg.Room, all...) {
		return nil
	}
	s.depart()
	return all
}

// depart starts the flights that may leave. In a crowd they board first. Without one they don't: to yield wakes a thread,
// which costs more than the rest of a lone row.
func (s *Sender[R, A]) depart() {
	if !s.crowd {
		for f := s.next(); f != nil; f = s.next() {
			go s.fly(f)
		}
	} else if s.mayDepart() {
		f := &flight[R, A]{boards: true}
		s.flights = append(s.flights, f)
		go s.fly(f)
	}
}

// next is a flight that leaves now; nil if none may.
func (s *Sender[R, A]) next() *flight[R, A] {
	if !s.mayDepart() {
		return nil
	}
	f := &flight[R, A]{began: time.Now(), probes: s.suspect}
	if !f.probes {
		if f.batch = s.waiting.take(s.cfg.Limit, s.flights); len(f.batch) == 0 {
			return nil
		}
	}
	s.flights = append(s.flights, f)
	return f
}

func (s *Sender[R, A]) mayDepart() bool {
	switch {
	case s.waiting.empty() || slices.ContainsFunc(s.flights, func(f *flight[R, A]) bool { return f.boards }):
		return false
	case len(s.flights) == 0:
		return true
	default:
		return len(s.flights) < maxFlights && !s.suspect && time.Since(s.flights[0].began) < s.youth
	}
}

// fly sends batches, and gives the callers their answers, until none may leave. A goroutine for each batch would wait for
// its turn behind the callers, while Redis has nothing to do.
func (s *Sender[R, A]) fly(f *flight[R, A]) {
	for f != nil {
		switch {
		case f.boards:
			s.regroup(MaxRows)
		case !f.probes || s.probe(f):
			s.deliver(f)
		}
		s.mu.Lock()
		f = s.land(f)
		s.mu.Unlock()
	}
}

// probe asks Redis for a sign of life, because the last call got no answer, and takes a batch if there is one. While Redis
// is away nothing is taken and sent: so it is known that nothing was queued, there is nothing to void, and callers who give
// up take their rows back.
func (s *Sender[R, A]) probe(f *flight[R, A]) bool {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Space.Timeout())
	defer cancel()
	err := s.cfg.Space.Client().Ping(ctx).Err()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		// The rows have their answer before anybody can see that they were taken: a caller that can't take its row back
		// and finds no answer knows that it was sent.
		s.waiting.answerAll(s.cfg.Failed(fmt.Errorf("nothing was queued: %w", s.cfg.Space.Failure("ping", err, false))))
		return false
	}
	s.suspect = false
	f.batch = s.waiting.take(s.cfg.Limit, nil)
	f.began = time.Now()
	return len(f.batch) > 0 // all callers may have given up meanwhile
}

// deliver sends a batch, and gives the callers their answers.
func (s *Sender[R, A]) deliver(f *flight[R, A]) {
	batch, answers := f.batch, make([]A, len(f.batch))
	answered := s.send(batch, answers)
	s.cfg.Sent(batch, answers)
	s.mu.Lock()
	s.waiting.landed(batch...)
	f.batch = nil
	s.crowd = len(batch) > 1
	s.suspect = s.suspect || !answered
	s.mu.Unlock()
	for i, p := range batch {
		p.answer <- answers[i]
	}
	if len(batch) > 1 {
		s.regroup(len(batch))
	}
}

// regroup lets callers come who are ready to run, as those are who had their answers, as long as some do: they go in the
// next batch, together. Where several processors run them, some are still on their way after one round.
func (s *Sender[R, A]) regroup(most int) {
	for came := s.came.Load(); most > 0; most-- {
		runtime.Gosched()
		now := s.came.Load()
		if now == came {
			return
		}
		came = now
	}
}

// land ends a flight. It returns the next one, which the caller must fly, and starts another one if that may leave too.
func (s *Sender[R, A]) land(f *flight[R, A]) *flight[R, A] {
	for i := range s.flights {
		if s.flights[i] == f {
			s.flights = append(s.flights[:i], s.flights[i+1:]...)
			break
		}
	}
	next := s.next()
	s.depart()
	return next
}

// send sends a batch and fills in its answers. It says whether Redis gave one.
func (s *Sender[R, A]) send(batch []*Pending[R, A], answers []A) bool {
	// The batch outlives its callers, so it has a time-out of its own. It belongs to one of their traces.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(batch[0].ctx), s.cfg.Space.Timeout())
	defer cancel()
	err := s.cfg.Send(ctx, batch, answers)
	if err == nil {
		return true
	}
	var all A
	answered := false
	switch {
	case space.ChangedNothing(err):
		all, answered = s.cfg.Failed(err), true
	case errors.Is(err, space.ErrNotSent):
		all = s.cfg.Failed(fmt.Errorf("matchq: nothing was queued: %w", err))
	default:
		all = s.cfg.Unknown(err)
	}
	for i := range answers {
		answers[i] = all
	}
	return answered
}
