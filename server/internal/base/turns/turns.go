// Package turns lets a bounded number of requests work at once. Others wait for their turn, in order, and their time to
// work has not begun: a crowd that comes in one moment is served late, and not refused because it had to wait.
package turns

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/base/workers"
)

// Turns are the turns of a server. The zero value is not usable.
type Turns struct {
	working *semaphore.Weighted
	waiting atomic.Int64
	room    int64
	workers *workers.Pool

	mu   sync.Mutex
	ends context.Context // of those who wait now
	end  context.CancelCauseFunc
}

// New lets atOnce requests work at once, and room others wait.
func New(atOnce, room int) *Turns {
	t := &Turns{working: semaphore.NewWeighted(int64(atOnce)), room: int64(room), workers: workers.New()}
	t.ends, t.end = context.WithCancelCause(context.Background())
	return t
}

// Do works when its turn has come. If Redis does not answer, those who wait hear so now: it would keep each of them
// waiting as long. Errors: that of work, overloaded if too many wait already, that of another's work, or that of ctx as
// wire.WaitError makes it.
func (t *Turns) Do(ctx context.Context, work func() error) error {
	done, err := t.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = work()
	if err != nil {
		if failure := wire.ErrorOf(err); failure.Code == wire.CodeRedisUnavailable {
			t.fail(failure)
		}
	}
	return err
}

// DoApart is Do for a caller that lives long, such as a connection: work has a worker's stack.
func (t *Turns) DoApart(ctx context.Context, work func() error) error {
	return t.Do(ctx, func() (err error) {
		t.workers.Do(func() { err = work() })
		return err
	})
}

// take waits for a turn. done ends it.
func (t *Turns) take(ctx context.Context) (done func(), err error) {
	done = func() { t.working.Release(1) }
	if t.working.TryAcquire(1) {
		return done, nil
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.room {
		return nil, wire.OverloadedError()
	}
	t.mu.Lock()
	ends := t.ends
	t.mu.Unlock()
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ends, func() { cancel(context.Cause(ends)) })()
	if t.working.Acquire(waiting, 1) == nil {
		if ends.Err() == nil {
			return done, nil
		}
		t.working.Release(1) // the turn came in the same moment
		return nil, context.Cause(ends)
	}
	if cause := context.Cause(waiting); !errors.Is(cause, ctx.Err()) {
		return nil, cause
	}
	return nil, wire.WaitError(ctx.Err())
}

// fail ends the waiting of those who wait now.
func (t *Turns) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting.Load() == 0 {
		return
	}
	t.end(err)
	t.ends, t.end = context.WithCancelCause(context.Background())
}
