// Package gather asks Redis many questions in one call: those that come while calls are under way go together in the
// next ones. There is no timer: a question that finds nothing under way goes at once.
package gather

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// maxCalls is how many calls are under way at once, so that Redis and this process work at the same time.
const maxCalls = 2

// Over is a time-out around a call of the library that has the given one. The library's error, which says more, comes first.
// By default it is 1.75 s: clients hear within two seconds that Redis is away.
func Over(call time.Duration) time.Duration { return call + 250*time.Millisecond }

// Group gathers questions of one kind. Its exported fields must be set before use.
type Group[Q, A any] struct {
	// Ask answers questions, in their order. Its context ends after Timeout: a call outlives those who asked.
	Ask     func(ctx context.Context, questions []Q) ([]A, error)
	Timeout time.Duration
	Most    int // questions in a call
	Room    int // for questions that wait for a call; those over it are refused as overloaded

	mu      sync.Mutex
	waiting []*Question[Q, A]
	calls   int
}

// Question waits for its answer.
type Question[Q, A any] struct {
	asked  Q
	done   chan struct{}
	answer A
	err    error
}

// Do asks a question and waits for the answer. Errors are those of Question.Wait.
func (g *Group[Q, A]) Do(ctx context.Context, asked Q) (A, error) { return g.Begin(asked).Wait(ctx) }

// Begin asks a question.
func (g *Group[Q, A]) Begin(asked Q) *Question[Q, A] {
	q := &Question[Q, A]{asked: asked, done: make(chan struct{})}
	if !g.add(q) {
		q.err = wire.OverloadedError()
		close(q.done)
	}
	return q
}

// Wait waits for the answer, or until ctx ends: the question may be asked even then. Errors are those of Ask, *wire.Error,
// and those of wire.WaitError.
func (q *Question[Q, A]) Wait(ctx context.Context) (A, error) {
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		var none A
		return none, wire.WaitError(ctx.Err())
	}
}

// add lets a question wait, if there is room.
func (g *Group[Q, A]) add(q *Question[Q, A]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) >= g.Room {
		return false
	}
	g.waiting = append(g.waiting, q)
	if g.calls < maxCalls {
		g.calls++
		go g.run()
	}
	return true
}

// take takes the questions of the next call, oldest first. Without any, this call was the last.
func (g *Group[Q, A]) take() []*Question[Q, A] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(g.Most, len(g.waiting))
	if n == 0 {
		g.calls--
		return nil
	}
	batch := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	return batch
}

// Settle returns when no more come in a turn of all who are ready to run, or enough have. Those who come in the same moment
// then go together, and one that comes alone waits for nothing.
func Settle(enough int, count func() int) {
	for before, n := 0, count(); n > before && n < enough; before, n = n, count() {
		runtime.Gosched()
	}
}

// count is the number of questions that wait.
func (g *Group[Q, A]) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

func (g *Group[Q, A]) run() {
	for {
		Settle(g.Most, g.count)
		batch := g.take()
		if len(batch) == 0 {
			return
		}
		questions := make([]Q, len(batch))
		for i, q := range batch {
			questions[i] = q.asked
		}
		ctx, cancel := context.WithTimeout(context.Background(), g.Timeout)
		answers, err := g.Ask(ctx, questions)
		cancel()
		for i, q := range batch {
			if q.err = err; err == nil {
				q.answer = answers[i]
			}
			close(q.done)
		}
		runtime.Gosched() // for those who ask again at once
	}
}
