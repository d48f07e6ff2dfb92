package space

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Do makes a plain call to Redis; errors name it by what. It ends with ctx or after Config.Timeout, whichever comes
// first. Errors: ErrUnavailable, ErrRefused, context.Canceled alone if the caller cancelled ctx, or an answer of Redis
// that repeating won't change.
func Do[T any](ctx context.Context, s *Space, what string, fn func(context.Context, redis.UniversalClient) (T, error)) (T, error) {
	return Bounded(ctx, s, func(ctx context.Context) (T, error) {
		value, err := fn(ctx, s.client)
		if err != nil {
			return value, s.Failure(what, err, false)
		}
		return value, nil
	})
}

// Bounded runs a call in a goroutine of its own and gives up on it when ctx ends, or after Config.Timeout: a driver may
// return seconds later.
func Bounded[T any](ctx context.Context, s *Space, call func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	ended := make(chan result, 1)
	go func() {
		defer cancel()
		value, err := call(ctx)
		if deadline, ok := ctx.Deadline(); err != nil && ok && !time.Now().Before(deadline) {
			<-ctx.Done() // now: the connection has the same deadline and was told first
		}
		if err != nil && errors.Is(caller.Err(), context.Canceled) {
			err = givenUp(err)
		} else if err != nil && ctx.Err() != nil {
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
		return zero, Unavailable(ctx.Err())
	}
}
