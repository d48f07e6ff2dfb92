package matchq_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// An Enqueue takes one round trip, shared with others, and few allocations: unlike times, that is the same everywhere.
func TestCostOfAnEnqueue(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	trips := &tripCounter{}
	env.Client.AddHook(trips)
	next := 0
	enqueue := func() {
		next++
		if _, err := m.Enqueue(context.Background(), matchq.Request{Queue: "q", Player: fmt.Sprint(next), Attributes: []byte(`{"level":9}`)}); err != nil {
			t.Fatal(err)
		}
	}
	enqueue() // makes the script known
	trips.take()
	const calls, most = 200, 50 // allocations, those of the driver and of this test included
	if got := testing.AllocsPerRun(calls, enqueue); got > most {
		t.Errorf("%v allocations, want at most %d", got, most)
	} else {
		t.Logf("%v allocations", got)
	}
	if got := trips.take(); got != calls+1 {
		t.Errorf("%d round trips for %d lone tickets", got, calls+1)
	}
	crowded := newMatcher(t, env, matchq.Config{Backlog: 1000})
	_, err := crowded.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "first of a crowd"}) // reads the rules
	if err != nil {
		t.Fatal(err)
	}
	trips.take()
	queued := fillBacklog(t, env, crowded)()
	if got := trips.take(); got > int(queued)/4 {
		t.Errorf("%d round trips for %d tickets at once", got, queued)
	} else {
		t.Logf("%d round trips for %d tickets at once", got, queued)
	}
}

// tripCounter counts round trips.
type tripCounter struct {
	mu sync.Mutex
	n  int
}

func (c *tripCounter) take() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = 0
	return n
}

func (c *tripCounter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *tripCounter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *tripCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.add()
		return next(ctx, cmd)
	}
}

func (c *tripCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.add()
		return next(ctx, cmds)
	}
}
