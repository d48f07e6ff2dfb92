package matchq_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestWorkersComeAndGo ends workers at any moment of their work, orderly: each match is handled once all the same, soon, and
// as its first delivery.
func TestWorkersComeAndGo(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		o := quick("rooms")
		o.AckWait, o.MaxDeliveries, o.Concurrency = time.Hour, 1, 3 // an event that is not given back is never seen again
		var all deliveries
		handle := func(ctx context.Context, ev matchq.Event) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(rand.Int64N(int64(2 * time.Millisecond)))):
				all.add(ev)
				return all.finish(ev)
			}
		}
		var events []matchq.Event
		for range 4 {
			events = append(events, makeMatches(t, m, 20)...)
			var workers sync.WaitGroup
			for range 4 {
				workers.Go(func() {
					for range 8 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(8*time.Millisecond))))
						if err := m.Consume(ctx, o, handle); err != nil {
							t.Error(err)
						}
						cancel()
					}
				})
			}
			workers.Wait()
		}
		work(t, m, o, handle)
		matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == int64(len(events)) })
		if got := all.finished(); len(got) != len(events) || len(slices.Compact(got)) != len(events) {
			t.Errorf("%d handled of %d", len(got), len(events))
		}
		for _, ev := range all.list() {
			if ev.Delivery != 1 {
				t.Errorf("delivery %d of %s", ev.Delivery, ev.ID)
			}
		}
		if g := groupOf(t, m, "rooms"); g.Waiting+g.Delivered+g.DeadLetters > 0 {
			t.Errorf("left: %+v", g)
		}
	})
}
