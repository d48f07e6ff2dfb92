package games

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// steps runs a function between two commands of a call: after the nth command whose context holds it.
type steps struct {
	left atomic.Int64
	then func()
}

type stepsKey struct{}

// after returns a context whose calls run a function after their nth command.
func after(ctx context.Context, n int, then func()) (context.Context, *steps) {
	s := &steps{then: then}
	s.left.Store(int64(n))
	return context.WithValue(ctx, stepsKey{}, s), s
}

// happened reports whether there were n commands.
func (s *steps) happened() bool { return s.left.Load() <= 0 }

// watchSteps makes an unused client run steps.
func watchSteps(env *matchqtest.Env) { env.Client.AddHook(stepsHook{}) }

type stepsHook struct{}

func (stepsHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (stepsHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (stepsHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if s, ok := ctx.Value(stepsKey{}).(*steps); ok && s.left.Add(-1) == 0 {
			s.then()
		}
		return err
	}
}
