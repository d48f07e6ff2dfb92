package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// gate holds scripts up until it opens.
type gate struct {
	open chan struct{}
	held atomic.Int64 // calls
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			g.held.Add(1)
			<-g.open
		}
		return next(ctx, cmd)
	}
}

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// fillBacklog holds calls up and has requests come until no more are taken. The function that it returns lets the calls go on,
// and returns how many requests were taken. The Matcher must know the rules.
func fillBacklog(t *testing.T, env *matchqtest.Env, m *matchq.Matcher) (release func() (queued int64)) {
	t.Helper()
	g := &gate{open: make(chan struct{})}
	env.Client.AddHook(g)
	var all sync.WaitGroup
	var asked, refused atomic.Int64
	began, still := time.Now(), int64(-1)
	matchqtest.Eventually(t, "the backlog is full", func() bool { // beside the rows that are under way
		// A second batch leaves soon after the first, or not at all: from then on the backlog stays as full as it is.
		if still < 0 && (g.held.Load() == 2 || time.Since(began) > time.Second/4) {
			still = refused.Load()
		}
		for range 20 {
			player := fmt.Sprint("player-", asked.Add(1))
			all.Go(func() {
				switch _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: player}); {
				case errors.Is(err, matchq.ErrOverloaded):
					refused.Add(1)
				case err != nil:
					t.Errorf("%s: %v", player, err)
				}
			})
		}
		return still >= 0 && refused.Load() > still+40
	})
	return func() int64 {
		close(g.open)
		all.Wait()
		return asked.Load() - refused.Load()
	}
}

// Requests over the backlog are refused at once, and say so. The others are queued when Redis goes on.
func TestBacklog(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Backlog: 5, Timeout: time.Minute})
		ctx := t.Context()
		if _, err := m.Enqueue(ctx, matchq.Request{Queue: "q", Player: "first"}); err != nil { // reads the rules
			t.Fatal(err)
		}
		release := fillBacklog(t, env, m)
		late := matchq.Request{Queue: "q", Player: "late"}
		if _, err := m.Enqueue(ctx, late); !errors.Is(err, matchq.ErrOverloaded) || errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("a request: %v", err)
		}
		results, err := m.EnqueueAll(ctx, []matchq.Request{late, {Queue: "q"}})
		var invalid *matchq.InvalidError
		if err != nil || !errors.Is(results[0].Err, matchq.ErrOverloaded) || !errors.As(results[1].Err, &invalid) {
			t.Errorf("a call of two: %v, %v", results, err)
		}
		queued := release()
		if stats, err := m.Stats(ctx); err != nil || stats.Waiting != 1+queued {
			t.Errorf("%d wait, and not %d: %v", stats.Waiting, 1+queued, err)
		}
		if _, err := m.Enqueue(ctx, late); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}
