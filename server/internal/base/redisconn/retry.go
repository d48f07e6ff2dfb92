package redisconn

import (
	"context"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Retry repeats a call of the library until Redis answers or ctx ends.
func Retry[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for {
		value, err := call()
		if err == nil || ctx.Err() != nil || !errors.Is(err, matchq.ErrUnavailable) {
			return value, err
		}
		_ = Pause(ctx, 200*time.Millisecond)
	}
}

// Pause waits for d. The error is ctx's.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
