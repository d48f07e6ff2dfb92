package presence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// A node that dies keeps its players for the lease. A player who came back elsewhere is not evicted.
func TestPlayersOfADeadNode(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, quiet(matchq.Config{Interval: time.Hour}))
		a := startNode(t, p, presence.NodeConfig{Grace: time.Millisecond, Lease: time.Hour})
		b := startNode(t, p, presence.NodeConfig{Grace: time.Millisecond, Lease: time.Hour})
		for _, player := range []string{"alice", "bob"} {
			a.connect(t, player, player)
			enqueueWhileOnline(t, m, "history", player)
		}
		a.connect(t, "carol", "carol")
		enqueue(t, m, matchq.Request{Queue: "history", Player: "carol"})
		checkWhere(t, p, "alice", "alice")
		a.stop()
		b.connect(t, "alice", "again")
		endLease(t, env, a)
		b.disconnect(t, "nobody", "none") // it looks for dead nodes at once
		matchqtest.Eventually(t, "bob and carol are evicted", func() bool {
			return whereIs(t, p, "bob") == "offline" && ticketOf(t, m, "bob").State == matchq.Cancelled &&
				whereIs(t, p, "carol") == "offline"
		})
		if got := ticketOf(t, m, "bob"); got.Reason != matchq.ReasonDisconnected {
			t.Errorf("bob's ticket: %+v", got)
		}
		checkWhere(t, p, "alice", "again")
		checkWaiting(t, m, "history", 2) // alice, and carol, whose ticket has a time to live
		matchqtest.Eventually(t, "the dead node is forgotten", func() bool {
			return slices.Contains(b.list(&b.gone), "bob") && !keyExists(t, env, "node:"+a.ID())
		})
		if slices.Contains(b.list(&b.gone), "alice") {
			t.Error("alice was said to be gone")
		}
		checkAudit(t, m)
	})
}

// endLease has a node's lease be over, as if its time had passed.
func endLease(t *testing.T, env *matchqtest.Env, n *testNode) {
	t.Helper()
	changed, err := env.Client.ZAddArgs(t.Context(), "{"+env.Namespace+"}:nodes", redis.ZAddArgs{
		XX: true, Ch: true, Members: []redis.Z{{Score: 1, Member: n.ID()}},
	}).Result()
	if err != nil || changed != 1 {
		t.Fatalf("%d leases were ended, %v", changed, err)
	}
}

// OnGone may need another try. No other player waits for that.
func TestOnGoneIsCalledUntilItAgrees(t *testing.T) {
	t.Parallel()
	m, p := newPresence(t, matchqtest.Embedded(t), quiet(matchq.Config{Interval: time.Hour}))
	var mu sync.Mutex
	refused := 0
	n := startNode(t, p, presence.NodeConfig{Grace: time.Millisecond, Lease: time.Minute, OnGone: func(_ context.Context, player string) error {
		mu.Lock()
		defer mu.Unlock()
		if player == "alice" && refused < 2 {
			refused++
			return errors.New("not now")
		}
		return nil
	}})
	for _, player := range []string{"alice", "bob"} {
		n.connect(t, player, player)
		enqueueWhileOnline(t, m, "history", player)
		n.disconnect(t, player, player)
	}
	matchqtest.Eventually(t, "bob is evicted", func() bool { return ticketOf(t, m, "bob").State == matchq.Cancelled })
	matchqtest.Eventually(t, "alice is evicted", func() bool { return ticketOf(t, m, "alice").State == matchq.Cancelled })
	if refused != 2 {
		t.Errorf("refused %d times", refused)
	}
}

// Sweeps of many players take several bounded calls.
func TestEvictionOfManyPlayers(t *testing.T) {
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{Interval: time.Hour}))
	const players = 10_000
	a := startNode(t, p, presence.NodeConfig{Grace: 10 * time.Millisecond})
	var requests []matchq.Request
	for i := range players {
		player := fmt.Sprint("player ", i)
		requests = append(requests, matchq.Request{Queue: fmt.Sprint("q", i%50), Player: player, WhileOnline: true})
	}
	var arriving sync.WaitGroup
	for part := range 8 {
		arriving.Go(func() {
			for i := part; i < players; i += 8 {
				a.connect(t, requests[i].Player, requests[i].Player)
			}
		})
	}
	arriving.Wait()
	for len(requests) > 0 {
		results, err := m.EnqueueAll(t.Context(), requests[:500])
		if err != nil || results[499].Err != nil {
			t.Fatal(err, results[499].Err)
		}
		requests = requests[500:]
	}
	if err := a.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	var longest time.Duration
	matchqtest.Eventually(t, "all are evicted", func() bool {
		began := time.Now()
		stats, err := m.Stats(t.Context())
		longest = max(longest, time.Since(began))
		return err == nil && stats.Cancelled == players
	})
	t.Logf("the longest call meanwhile took %v", longest)
	for _, name := range []string{"online", "away", "node:" + a.ID(), "nodes"} {
		if keyExists(t, env, name) {
			t.Errorf("%s is left", name)
		}
	}
	checkAudit(t, m)
}
