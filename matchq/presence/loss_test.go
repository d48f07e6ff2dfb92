package presence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// flush empties the server of a test.
func flush(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	if env.Embedded != nil {
		env.Embedded.FlushAll()
	} else if err := env.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// onOwn runs a test on the embedded server, and on a real one of its own.
func onOwn(t *testing.T, test func(t *testing.T, env *matchqtest.Env)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, matchqtest.Embedded(t)) })
	t.Run("redis", func(t *testing.T) { test(t, matchqtest.Real(t)) })
}

// Redis is emptied between two heartbeats. All nodes announce their players at once, whatever their leases, and a tick
// meanwhile takes nobody for gone: neither those of a node that is later than another.
func TestNobodyIsGoneAfterRedisWasEmptied(t *testing.T) {
	t.Parallel()
	onOwn(t, func(t *testing.T, env *matchqtest.Env) {
		cfg := matchq.Config{Interval: 20 * time.Millisecond}
		m, p := newPresence(t, env, quiet(cfg))
		// Their next heartbeats are ten minutes away.
		one := startNode(t, p, presence.NodeConfig{Lease: 40 * time.Minute})
		_, second := presenceOn(t, env.Client, m.Config(), presence.Config{})
		two := startNode(t, second, presence.NodeConfig{Lease: 40 * time.Minute})
		for i := range 20 {
			one.connect(t, fmt.Sprint("one", i), fmt.Sprint("c1-", i))
			two.connect(t, fmt.Sprint("two", i), fmt.Sprint("c2-", i))
		}
		lag := testkit.MeasureLag(t, env.Client)
		flush(t, env)
		began := time.Now()
		for i := range 20 { // they queue again before Redis knows of them
			enqueueWhileOnline(t, m, "history", fmt.Sprint("one", i))
			enqueueWhileOnline(t, m, "history", fmt.Sprint("two", i))
		}
		matchqtest.Eventually(t, "all are matched", func() bool {
			tickQueue(t, m, "history")
			stats, err := m.Stats(t.Context())
			if err != nil || stats.Cancelled > 0 {
				t.Fatalf("a connected player was taken for gone: %+v, %v", stats, err)
			}
			return stats.Matched == 40
		})
		if took := time.Since(began); took > 5*time.Second+3*lag() {
			t.Errorf("it took %v", took)
		}
		matchqtest.Eventually(t, "all are announced", func() bool {
			return whereIs(t, p, "one19") != "offline" && whereIs(t, p, "two19") != "offline"
		})
	})
}

// A replica that lagged says that a player is where they were before. The player keeps the connection that holds.
func TestAStaleReplicaDisconnectsNobody(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{}))
	one := startNode(t, p, presence.NodeConfig{})
	_, second := presenceOn(t, env.Client, m.Config(), presence.Config{})
	two := startNode(t, second, presence.NodeConfig{})
	one.connect(t, "alice", "before")
	one.connect(t, "carol", "stays")
	failover := env.Server.Snapshot(t)
	two.connect(t, "alice", "after")
	two.connect(t, "bob", "new")
	matchqtest.Eventually(t, "the first connection is replaced", func() bool { return len(one.list(&one.replaced)) == 1 })
	failover()
	matchqtest.Eventually(t, "Redis knows who is where", func() bool {
		found, err := p.Online(t.Context(), "alice", "bob", "carol")
		return err == nil && found[0] != nil && found[0].ID == "after" && !found[0].Away && found[1] != nil && found[2] != nil
	})
	if replaced := two.list(&two.replaced); len(replaced) > 0 {
		t.Errorf("replaced: %v", replaced)
	}
	if gone := append(one.list(&one.gone), two.list(&two.gone)...); len(gone) > 0 {
		t.Errorf("gone: %v", gone)
	}
}

// While Redis counts nobody as absent, players whose grace is over and dead nodes are left alone; afterwards they go.
func TestBlindSpan(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, quiet(matchq.Config{}))
		n := startNode(t, p, presence.NodeConfig{Grace: 10 * time.Millisecond, Lease: 400 * time.Millisecond})
		n.connect(t, "alice", "a1")
		meta := m.HashTag() + ":meta"
		now, err := env.Client.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		set := func(from, until time.Time) {
			span := fmt.Sprint(from.UnixMilli(), " ", until.UnixMilli())
			if err := env.Client.HSet(t.Context(), meta, "blind_span", span).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set(now, now.Add(700*time.Millisecond))
		n.disconnect(t, "alice", "a1")
		matchqtest.Eventually(t, "alice is forgotten", func() bool { return len(n.list(&n.gone)) > 0 })
		if after, err := env.Client.Time(t.Context()).Result(); err != nil || after.Before(now.Add(700*time.Millisecond).Truncate(time.Millisecond)) {
			t.Errorf("within the span: %v after it began, %v", after.Sub(now), err)
		}
		// A span that has yet to begin was written before the clock was set back.
		set(now.Add(time.Hour), now.Add(2*time.Hour))
		n.connect(t, "bob", "b1")
		n.disconnect(t, "bob", "b1")
		matchqtest.Eventually(t, "bob is forgotten", func() bool { return len(n.list(&n.gone)) > 1 })
	})
}
