package space

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// once is a command that the driver does not repeat: after a repetition its error would tell of the last attempt, and
// not whether an earlier one got through.
type once struct{ *redis.Cmd }

// NoRetry is asked by the driver.
func (once) NoRetry() bool { return true }

// dialFor is how long a call goes on to look for a connection. A driver that dials several times by itself may take as
// long for the first try.
const dialFor = 300 * time.Millisecond

// runOnce is run for scripts of which it must be known whether they may have run.
func (s *Space) runOnce(ctx context.Context, script string, keys []string, args []any) (*Reply, error) {
	command := make([]any, 0, 3+len(keys)+len(args))
	command = append(command, "evalsha", s.scripts[script].Hash(), len(keys))
	for _, key := range keys {
		command = append(command, key)
	}
	command = append(command, args...)
	var pause Backoff
	for began := time.Now(); ; {
		cmd := once{redis.NewCmd(ctx, command...)}
		cmd.SetFirstKeyPos(3)
		err := s.client.Process(ctx, cmd)
		switch {
		case err == nil:
			values, err := cmd.Slice()
			if err != nil {
				return nil, failure(script, err)
			}
			return &Reply{script: script, rest: values}, nil
		case !isNotSent(err): // it may have run, and is safe to repeat; or Redis does not know it yet
			return s.run(ctx, script, keys, args)
		case time.Since(began) > dialFor || ctx.Err() != nil:
			return nil, fmt.Errorf("%w: %s: %w: %w", ErrUnavailable, script, ErrNotSent, err)
		}
		Sleep(ctx, pause.Next())
	}
}

// isNotSent tells errors of a command that had no connection.
func isNotSent(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout)
}
