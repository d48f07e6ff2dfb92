package sender

import (
	"context"
	"sync"
	"time"
)

// timers are kept for use again: a context with a deadline for each row costs more than the rest of the wait.
var timers = sync.Pool{New: func() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}}

// Await waits for the answer to a row until ctx ends or the patience is over, which is that of ctx alone if it is 0. err
// then says which. sent is false if the row was not sent by then: it is taken back.
func (s *Sender[R, A]) Await(ctx context.Context, patience time.Duration, p *Pending[R, A]) (answer A, sent bool, err error) {
	var over <-chan time.Time
	if patience > 0 {
		timer := timers.Get().(*time.Timer) //nolint:forcetypeassert // all are
		timer.Reset(patience)
		defer func() {
			timer.Stop()
			timers.Put(timer)
		}()
		over = timer.C
	}
	select {
	case answer = <-p.answer:
		return answer, true, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-over:
		err = context.DeadlineExceeded
	}
	if s.takeBack(p) {
		return answer, false, err
	}
	select {
	case answer = <-p.answer: // it came in the same moment
		return answer, true, nil
	default:
		return answer, true, err
	}
}

// takeBack withdraws a row that was not sent yet, and says whether it could.
func (s *Sender[R, A]) takeBack(p *Pending[R, A]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting.claim(p)
}
