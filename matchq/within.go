package matchq

import (
	"context"
	"fmt"
	"time"
)

// lane lets one call through at a time. A call that its caller gave up on keeps its place until it has really ended.
type lane chan struct{}

func newLane() lane { return make(lane, 1) }

// within makes a call to Redis and gives up on it when ctx ends, or after Config.Timeout: a driver may return seconds
// later. lane may be nil.
func within[T any](ctx context.Context, m *Matcher, lane lane, call func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	if lane != nil {
		select {
		case lane <- struct{}{}:
		case <-ctx.Done():
			cancel()
			var zero T
			return zero, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
	ended := make(chan result, 1)
	go func() {
		defer cancel()
		value, err := call(ctx)
		if lane != nil {
			<-lane
		}
		if deadline, ok := ctx.Deadline(); err != nil && ok && !time.Now().Before(deadline) {
			<-ctx.Done() // now: the connection has the same deadline and was told first
		}
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", err, ctx.Err()) // a driver says "i/o timeout" for a deadline
		}
		ended <- result{value, err}
	}()
	select {
	case r := <-ended:
		return r.value, r.err
	case <-ctx.Done():
		select {
		case r := <-ended: // it ended in the same moment
			return r.value, r.err
		default:
		}
		var zero T
		return zero, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}
