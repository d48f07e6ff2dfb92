package testkit

import (
	"context"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
)

// Repeater is a hook that runs a script call a second time, as the driver does after its reply was lost.
type Repeater struct {
	order atomic.Pointer[repeatOrder]
}

type repeatOrder struct {
	hash    string // of the script; "" for any
	between func() // is called between the first run and the second
	done    atomic.Bool
}

// Next has the next call of a script run twice. A script without a name is any.
func (r *Repeater) Next(script string, between func()) {
	hash := ""
	if script != "" {
		source, err := lua.Source(script)
		if err != nil {
			panic(err) // its name is a constant
		}
		hash = redis.NewScript(source).Hash()
	}
	r.order.Store(&repeatOrder{hash: hash, between: between})
}

// Stop ends an order that no call fulfilled, and says whether one did.
func (r *Repeater) Stop() bool {
	order := r.order.Swap(nil)
	return order != nil && order.done.Load()
}

// DialHook is that of a redis.Hook.
func (r *Repeater) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook is that of a redis.Hook.
func (r *Repeater) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook is that of a redis.Hook.
func (r *Repeater) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		order := r.order.Load()
		if err != nil || order == nil || cmd.Name() != "evalsha" || order.hash != "" && order.hash != cmd.Args()[1] {
			return err
		}
		if !order.done.CompareAndSwap(false, true) {
			return nil
		}
		if order.between != nil {
			order.between()
		}
		return next(ctx, cmd)
	}
}

// Ordered says whether an order stands that no call has fulfilled.
func (r *Repeater) Ordered() bool {
	order := r.order.Load()
	return order != nil && !order.done.Load()
}
