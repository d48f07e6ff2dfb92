package matchq_test

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// beforeRemoval is a hook that calls do once, before a command that may remove a worker.
type beforeRemoval struct {
	do   func()
	once sync.Once
}

func (*beforeRemoval) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*beforeRemoval) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *beforeRemoval) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name == "xgroup" || name == "evalsha" {
			b.once.Do(b.do)
		}
		return next(ctx, cmd)
	}
}

// TestAWorkerResignsInOneStep: another process of the same name, which takes an event in the moment in which the worker
// ends, keeps it. Redis forgets unfinished events of a removed worker.
func TestAWorkerResignsInOneStep(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		stream := "{" + env.Namespace + "}:events"
		var all handled
		end := consume(t, m, "g", "w", func(_ context.Context, ev matchq.Event) error { all.add(ev); return nil })
		cancelledOnes(t, m, 1)
		pending := func() int64 {
			found, err := env.Client.XPending(t.Context(), stream, "g").Result()
			if err != nil {
				t.Fatal(err)
			}
			return found.Count
		}
		matchqtest.Eventually(t, "it is handled", func() bool { return len(all.sorted()) == 1 && pending() == 0 })
		env.Client.AddHook(&beforeRemoval{do: func() {
			if err := env.Client.XAdd(t.Context(), &redis.XAddArgs{Stream: stream, Values: []any{"kind", "one"}}).Err(); err != nil {
				t.Error(err)
			}
			taken, err := env.Client.XReadGroup(t.Context(), &redis.XReadGroupArgs{
				Group: "g", Consumer: "w", Streams: []string{stream, ">"}, Count: 1, Block: -1,
			}).Result()
			if err != nil || len(taken) != 1 {
				t.Error(taken, err)
			}
		}})
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if n := pending(); n != 1 {
			t.Errorf("the other process has %d events", n)
		}
	})
}

// Numbers of any size are taken.
func TestDeadLettersBehindAll(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		makeMatches(t, m, 1)
		work(t, m, quick("rooms"), func(context.Context, matchq.Event) error { return matchq.ErrGiveUp })
		matchqtest.Eventually(t, "it is dead", func() bool { return groupOf(t, m, "rooms").DeadLetters == 1 })
		letters, total, err := m.DeadLetters(t.Context(), "rooms", math.MaxInt, math.MaxInt)
		if err != nil || total != 1 || len(letters) != 0 {
			t.Errorf("%d of %d, %v", len(letters), total, err)
		}
	})
}
