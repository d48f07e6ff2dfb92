package matchq_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// farDue is a queue that is listed, and not due for long.
func farDue(queue string) redis.Z { return redis.Z{Score: 4e12 - 1, Member: queue} }

// The plain audit sees lists that hold other tickets than the records say.
func TestAuditComparesListsWithRecords(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour})
		for i := range 5 {
			enqueue(t, m, "pairs", fmt.Sprint("p", i))
		}
		tick(t, m, "pairs") // two matches are proposed, one ticket waits
		lone := enqueue(t, m, "lone", "alice")
		gone := enqueue(t, m, "lone", "bob")
		if err := m.Cancel(t.Context(), gone.ID, ""); err != nil { // leaves a tombstone
			t.Fatal(err)
		}
		checkAudit(t, m)

		key := func(name string) string { return "{" + env.Namespace + "}:" + name }
		for name, spoil := range map[string]struct{ do, undo func() error }{
			"a ticket that is in no list": {
				func() error { return env.Client.LRem(t.Context(), key("waiting:lone"), 1, lone.ID).Err() },
				func() error { return env.Client.LPush(t.Context(), key("waiting:lone"), lone.ID).Err() },
			},
			"a ticket that is in a list twice": {
				func() error { return env.Client.RPush(t.Context(), key("waiting:lone"), lone.ID).Err() },
				func() error { return env.Client.RPop(t.Context(), key("waiting:lone")).Err() },
			},
			"a queue that is not listed": {
				func() error { return env.Client.ZRem(t.Context(), key("due"), "lone").Err() },
				func() error { return env.Client.ZAdd(t.Context(), key("due"), farDue("lone")).Err() },
			},
			"proposed tickets that are not held": {
				func() error { return env.Client.HIncrBy(t.Context(), key("held"), "pairs", -1).Err() },
				func() error { return env.Client.HIncrBy(t.Context(), key("held"), "pairs", 1).Err() },
			},
		} {
			if err := spoil.do(); err != nil {
				t.Fatal(err)
			}
			if a, err := m.Audit(t.Context()); err != nil || a.OK() {
				t.Errorf("%s: %+v, %v", name, a, err)
			}
			if err := spoil.undo(); err != nil {
				t.Fatal(err)
			}
			if a, err := m.Audit(t.Context()); err != nil || !a.OK() {
				t.Errorf("without %s: %q, %v", name, a.Problems, err)
			}
		}
	})
}

// An audit of very many queues compares no lists, and still counts.
func TestAuditOfManyQueues(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	requests := make([]matchq.Request, 600)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprint("q", i), Player: fmt.Sprint("p", i)}
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Audit(t.Context()); err != nil || !a.OK() || a.Waiting != 600 || a.Queues != 600 {
		t.Errorf("%+v, %v", a, err)
	}
	if err := env.Client.HIncrBy(t.Context(), "{"+env.Namespace+"}:counters", "enqueued", 1).Err(); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Audit(t.Context()); err != nil || a.OK() || !strings.Contains(a.Problems[0], "stored") {
		t.Errorf("%+v, %v", a, err)
	}
}
