package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Dead letters and waiting events are bounded: the newest are kept.
func TestAGroupIsBounded(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, m, 30)
		o := quick("rooms")
		o.MaxDeadLetters, o.Concurrency = 10, 1
		work(t, m, o, func(_ context.Context, ev matchq.Event) error { return matchq.ErrGiveUp })
		matchqtest.Eventually(t, "all have failed", func() bool { return groupOf(t, m, "rooms").Buried == 30 })
		letters, total, err := m.DeadLetters(t.Context(), "rooms", 0, 100)
		if err != nil || total != 10 || letters[0].Event.ID != events[29].ID {
			t.Errorf("%d dead letters, %v", total, err)
		}
	})
}

// A worker that ends gives back unfinished events, at once and as if it had not been delivered.
func TestAWorkerGivesBack(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, m, 3)
		o := quick("rooms")
		o.AckWait = time.Hour
		var first, second deliveries
		end := work(t, m, o, func(ctx context.Context, ev matchq.Event) error {
			first.add(ev)
			if ev.ID == events[0].ID {
				return first.finish(ev)
			}
			<-ctx.Done()
			return ctx.Err()
		})
		matchqtest.Eventually(t, "it has all", func() bool { return groupOf(t, m, "rooms").Delivered == 2 && len(first.finished()) == 1 })
		end()
		if g := groupOf(t, m, "rooms"); g.Waiting != 2 || g.Workers != 0 {
			t.Errorf("given back: %+v", g)
		}
		work(t, m, o, func(_ context.Context, ev matchq.Event) error { second.add(ev); return second.finish(ev) })
		matchqtest.Eventually(t, "the rest is done", func() bool { return len(second.finished()) == 2 })
		for _, ev := range second.events {
			if ev.Delivery != 1 {
				t.Errorf("delivery %d", ev.Delivery)
			}
		}
	})
}

// Groups are named in a list, and deleted with all that they have.
func TestGroupsAreDeleted(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		makeMatches(t, m, 3)
		keys := env.Client.Keys(t.Context(), "{"+env.Namespace+"}:*").Val()
		for _, group := range []string{"one", "two"} {
			end := work(t, m, quick(group), func(_ context.Context, ev matchq.Event) error { return matchq.ErrGiveUp })
			matchqtest.Eventually(t, "all are dead", func() bool { return groupOf(t, m, group).DeadLetters == 3 })
			end()
		}
		for _, group := range []string{"one", "two"} {
			if err := m.DeleteGroup(t.Context(), group); err != nil {
				t.Fatal(err)
			}
			if err := m.DeleteGroup(t.Context(), group); !errors.Is(err, matchq.ErrNotFound) {
				t.Errorf("once more: %v", err)
			}
		}
		left := env.Client.Keys(t.Context(), "{"+env.Namespace+"}:*").Val()
		slices.Sort(keys)
		if slices.Sort(left); !slices.Equal(left, keys) {
			t.Errorf("left: %v, want %v", left, keys)
		}
		if flag := env.Client.HGet(t.Context(), "{"+env.Namespace+"}:meta", "groups").Val(); flag != "" {
			t.Errorf("meta still has groups: %q", flag)
		}
		if _, _, err := m.DeadLetters(t.Context(), "one", 0, 1); !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("dead letters: %v", err)
		}
	})
}

// Options that make no sense are refused.
func TestConsumeRefusesOptions(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t), matchq.Config{})
	handle := func(context.Context, matchq.Event) error { return nil }
	for field, o := range map[string]matchq.ConsumeOptions{
		"group":                {},
		"kinds":                {Group: "g", Kinds: []matchq.State{"nonsense"}},
		"ack_wait":             {Group: "g", AckWait: time.Millisecond},
		"ack_wait and backoff": {Group: "g", AckWait: 2 * time.Hour},
		"backoff":              {Group: "g", Backoff: []time.Duration{0}},
		"concurrency":          {Group: "g", Concurrency: 1001},
		"max_deliveries":       {Group: "g", MaxDeliveries: -2},
		"max_waiting":          {Group: "g", MaxWaiting: -1},
		"max_dead_letters":     {Group: "g", MaxDeadLetters: -1},
		"retention":            {Group: "g", Retention: time.Millisecond},
	} {
		checkInvalid(t, m.Consume(t.Context(), o, handle), field)
	}
	checkInvalid(t, m.Consume(t.Context(), quick("g"), nil), "handle")
}

// A namespace has a bounded number of groups.
func TestTooManyGroups(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	handle := func(context.Context, matchq.Event) error { return nil }
	end := work(t, m, quick("first"), handle)
	matchqtest.Eventually(t, "it is there", func() bool { return groupOf(t, m, "first").Workers == 1 })
	end()
	for i := range 99 {
		if err := env.Client.ZAdd(t.Context(), "{"+env.Namespace+"}:groups", redis.Z{Score: 1e15, Member: fmt.Sprint(i)}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	checkInvalid(t, m.Consume(t.Context(), quick("another"), handle), "group")
	work(t, m, quick("first"), handle)()
}
