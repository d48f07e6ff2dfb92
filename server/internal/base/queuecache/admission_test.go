package queuecache_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/queuecache"
)

// However many ask at the same time, a node brings the queues up to the bound and never above it.
func TestAdmission(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		a := &queuecache.Admission{Cache: queuecache.New(m), Max: 50}
		var admitted atomic.Int64
		enqueue := func(ctx context.Context, queue, player string) bool {
			if a.Admit(ctx, queue) != nil {
				return false
			}
			_, err := m.Enqueue(ctx, matchq.Request{Queue: queue, Player: player})
			if err != nil {
				t.Error(err)
			}
			return err == nil
		}
		var asking sync.WaitGroup
		for worker := range 8 {
			asking.Go(func() {
				for i := range 20 {
					name := strconv.Itoa(20*worker + i)
					if enqueue(t.Context(), "q"+name, name) {
						admitted.Add(1)
					}
				}
			})
		}
		asking.Wait()
		stats, err := m.Stats(t.Context())
		if err != nil || stats.Queues != 50 || admitted.Load() != 50 {
			t.Errorf("%d queues live, %d were admitted, %v", stats.Queues, admitted.Load(), err)
		}
		queues, err := m.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !enqueue(t.Context(), queues[0].Name, "another") {
			t.Error("a queue that lives was refused")
		}
		if a.Admit(t.Context(), "new") == nil {
			t.Error("a new queue was admitted")
		}
		if a.Admit(t.Context(), "") != nil {
			t.Error("a name that the library refuses was taken for a queue")
		}
	})
}
