package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// gate holds scripts up until it opens.
type gate struct{ open, held chan struct{} }

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			g.held <- struct{}{}
			<-g.open
		}
		return next(ctx, cmd)
	}
}

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Requests over the backlog are refused at once, and say so. The others are queued when Redis goes on.
func TestBacklog(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		g := &gate{open: make(chan struct{}), held: make(chan struct{}, 100)}
		env.Client.AddHook(g)
		m := newMatcher(t, env, matchq.Config{Backlog: 5})
		ctx := t.Context()
		var all sync.WaitGroup
		late := matchq.Request{Queue: "q", Player: "late"}
		for call := range 3 { // one or two are under way, and the next one waits
			crowd := make([]matchq.Request, 7)
			for i := range crowd {
				crowd[i] = matchq.Request{Queue: "q", Player: fmt.Sprint("player-", call, "-", i)}
			}
			all.Go(func() {
				results, err := m.EnqueueAll(ctx, crowd)
				for _, r := range results {
					if err != nil || r.Err != nil && !errors.Is(r.Err, matchq.ErrOverloaded) {
						t.Errorf("call %d: %v, %v", call, r.Err, err)
					}
				}
			})
			if call == 0 {
				<-g.held
			}
		}
		matchqtest.Eventually(t, "the backlog is full", func() bool {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			_, err := m.Enqueue(gone, matchq.Request{Queue: "q", Player: "hasty"})
			return errors.Is(err, matchq.ErrOverloaded)
		})
		if _, err := m.Enqueue(ctx, late); !errors.Is(err, matchq.ErrOverloaded) || errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("a request: %v", err)
		}
		results, err := m.EnqueueAll(ctx, []matchq.Request{late, {Queue: "q"}})
		var invalid *matchq.InvalidError
		if err != nil || !errors.Is(results[0].Err, matchq.ErrOverloaded) || !errors.As(results[1].Err, &invalid) {
			t.Errorf("a call of two: %v, %v", results, err)
		}
		close(g.open)
		all.Wait()
		if _, err := m.Enqueue(ctx, late); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}
