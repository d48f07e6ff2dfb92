package matchq_test

import (
	"context"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// memory is a hook that can stop forgetting: tickets that a test looks at stay, also if it looks late.
type memory struct{ keeps atomic.Bool }

// newMemory keeps all that the client's scripts would forget.
func newMemory(rdb redis.UniversalClient) *memory {
	h := &memory{}
	h.keeps.Store(true)
	rdb.AddHook(h)
	return h
}

func (*memory) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*memory) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *memory) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if call, ok := cmd.(interface{ SetVal(value any) }); ok && h.keeps.Load() && matchq.ScriptName(cmd) == "match/forget" {
			call.SetVal([]any{"ok", int64(0), int64(0)}) // nothing was forgotten, and nothing is left to be
			return nil
		}
		return next(ctx, cmd)
	}
}
