package redisconn

import (
	"context"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Retry repeats a call of the library while Redis is away or refuses, until ctx ends.
func Retry[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for {
		value, err := call()
		if err == nil || ctx.Err() != nil || !wire.IsPassing(err) {
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
