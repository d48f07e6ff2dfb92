package matchq_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestAnAbandonedGroup costs a bounded amount: matches are kept for it, up to its bound, and it goes after its retention.
func TestAnAbandonedGroup(t *testing.T) {
	env := matchqtest.Embedded(t)
	clock := newEmbeddedClock(env)
	var log logged
	m := newMatcher(t, env, matchq.Config{Retention: 4 * time.Second, Interval: 10 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	o := quick("rooms")
	o.MaxWaiting, o.Retention = 5, 30*time.Second
	end := work(t, m, o, func(context.Context, matchq.Event) error { return nil })
	matchqtest.Eventually(t, "it is there", func() bool { return groupOf(t, m, "rooms").Workers == 1 })
	end()
	events := makeMatches(t, m, 8)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	clock.forward(3 * time.Second) // they are kept for the group before they are forgotten
	matchqtest.Eventually(t, "as many are kept as may be", func() bool { return groupOf(t, m, "rooms").Waiting == 5 })
	clock.forward(3 * time.Second)
	matchqtest.Eventually(t, "the events are forgotten", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Forgotten == 16
	})
	if g := groupOf(t, m, "rooms"); g.Dropped != 3 || g.Gaps != 0 {
		t.Errorf("the group: %+v", g)
	}
	var all deliveries
	end = work(t, m, o, func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
	matchqtest.Eventually(t, "the newest are done", func() bool { return len(all.finished()) == 5 })
	if got := all.finished(); got[0] != events[3].ID {
		t.Errorf("the oldest is %s, not %s", got[0], events[3].ID)
	}
	clock.forward(time.Minute) // a jump of the clock ends no group whose worker lives
	matchqtest.Eventually(t, "the group is looked at", func() bool { return groupOf(t, m, "rooms").Expires > 20*time.Second })
	end()
	clock.forward(31 * time.Second)
	matchqtest.Eventually(t, "the group is about to go", func() bool {
		return env.Client.HGet(t.Context(), "{"+env.Namespace+"}:group:rooms", "goes_at").Val() != ""
	})
	clock.forward(11 * time.Second)
	matchqtest.Eventually(t, "the group is gone", func() bool {
		groups, err := m.Groups(t.Context())
		return err == nil && len(groups) == 0
	})
	if log.count("the oldest was dropped") == 0 {
		t.Error("nothing said that events were dropped")
	}
}

// embeddedClock sets the clock of an embedded Redis.
type embeddedClock struct {
	mu  sync.Mutex
	env *matchqtest.Env
	now time.Time
}

func newEmbeddedClock(env *matchqtest.Env) *embeddedClock {
	c := &embeddedClock{env: env, now: time.Now()}
	env.Embedded.SetTime(c.now)
	return c
}

func (c *embeddedClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.env.Embedded.SetTime(c.now)
}

// TestALeaseThatIsLost ends the context of its handler. A worker that lives loses none when Redis's clock is set.
func TestALeaseThatIsLost(t *testing.T) {
	env := matchqtest.Embedded(t)
	clock := newEmbeddedClock(env)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	var all deliveries
	causes := make(chan error, 1)
	o := quick("rooms")
	o.AckWait = 200 * time.Millisecond
	makeMatches(t, m, 1)
	work(t, m, o, func(ctx context.Context, ev matchq.Event) error {
		all.add(ev)
		if len(all.finished()) > 0 {
			return all.finish(ev)
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return all.finish(ev)
	})
	matchqtest.Eventually(t, "its handler runs", func() bool { return len(all.list()) == 1 })
	key := "{" + env.Namespace + "}:work:rooms"
	event := all.list()[0].ID
	if err := env.Client.HSet(t.Context(), key, "#"+event, "2 another").Err(); err != nil {
		t.Fatal(err)
	}
	if cause := <-causes; !errors.Is(cause, matchq.ErrLeaseLost) {
		t.Errorf("the context ended by %v", cause)
	}
	matchqtest.Eventually(t, "it is done all the same", func() bool { return groupOf(t, m, "rooms").Done == 1 })
	for _, jump := range []time.Duration{2 * time.Hour, -4 * time.Hour} {
		clock.forward(jump)
		later := makeMatches(t, m, 1)
		matchqtest.Eventually(t, "the later one is done", func() bool { return slices.Contains(all.finished(), later[0].ID) })
	}
}
