package queuecache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/queuecache"
)

func TestAll(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		requests := make([]matchq.Request, 200)
		for i := range requests {
			requests[i] = matchq.Request{Queue: "q" + strconv.Itoa(i), Player: strconv.Itoa(i)}
		}
		if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
		list := queuecache.New(m)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := list.All(gone); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		var asking sync.WaitGroup
		for range 20 {
			asking.Go(func() {
				if queues, err := list.All(t.Context()); err != nil || len(queues) != len(requests) {
					t.Errorf("%d queues, %v", len(queues), err)
				}
			})
		}
		asking.Wait()
		if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "new", Player: "new"}); err != nil {
			t.Fatal(err)
		}
		matchqtest.Eventually(t, "a new queue is listed", func() bool {
			queues, err := list.All(t.Context())
			return err == nil && len(queues) == len(requests)+1
		})
	})
}
