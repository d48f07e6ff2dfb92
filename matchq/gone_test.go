package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// A node that dies keeps its players for the lease; who came back elsewhere is not released.
func TestPlayersOfADeadNode(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, quiet(matchq.Config{Interval: time.Hour}))
		lease := 150 * time.Millisecond
		a := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, Lease: lease})
		b := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, Lease: lease})
		for _, player := range []string{"alice", "bob"} {
			a.arrive(t, player, player)
			enqueueWhileOnline(t, m, "history", player)
		}
		a.arrive(t, "carol", "carol")
		enqueue(t, m, "history", "carol")
		checkWhere(t, m, "alice", "alice")
		a.stop()
		b.arrive(t, "alice", "again")
		redistest.Eventually(t, "bob and carol are released", func() bool {
			return whereIs(t, m, "bob") == "offline" && ticketOf(t, m, "bob").State == matchq.Cancelled &&
				whereIs(t, m, "carol") == "offline"
		})
		if got := ticketOf(t, m, "bob"); got.Reason != matchq.Disconnected {
			t.Errorf("bob's ticket: %+v", got)
		}
		checkWhere(t, m, "alice", "again")
		checkWaiting(t, m, "history", 2) // alice, and carol, whose ticket lives by its time to live
		redistest.Eventually(t, "the dead node is forgotten", func() bool {
			return slices.Contains(b.list(&b.gone), "bob") && !keyExists(t, env, "node:"+a.ID())
		})
		if slices.Contains(b.list(&b.gone), "alice") {
			t.Error("alice was said to be gone")
		}
		checkAudit(t, m)
	})
}

func keyExists(t *testing.T, env *redistest.Env, name string) bool {
	t.Helper()
	found, err := env.Client.Exists(t.Context(), "{"+env.Namespace+"}:"+name).Result()
	if err != nil {
		t.Fatal(err)
	}
	return found > 0
}

func enqueueWhileOnline(t *testing.T, m *matchq.Matcher, queue, player string) matchq.Ticket {
	t.Helper()
	made, err := m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: player, WhileOnline: true})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func ticketOf(t *testing.T, m *matchq.Matcher, player string) matchq.Ticket {
	t.Helper()
	got, err := m.TicketOf(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Whoever is to be told that a player is gone may need another try; nobody else waits for that.
func TestGoneIsSaidUntilItIsHeard(t *testing.T) {
	m := newMatcher(t, redistest.Embedded(t), quiet(matchq.Config{Interval: time.Hour}))
	var mu sync.Mutex
	refused := 0
	n := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, OnGone: func(_ context.Context, player string) error {
		mu.Lock()
		defer mu.Unlock()
		if player == "alice" && refused < 2 {
			refused++
			return errors.New("not now")
		}
		return nil
	}})
	for _, player := range []string{"alice", "bob"} {
		n.arrive(t, player, player)
		enqueueWhileOnline(t, m, "history", player)
		n.leave(t, player, player)
	}
	redistest.Eventually(t, "bob is released", func() bool { return ticketOf(t, m, "bob").State == matchq.Cancelled })
	redistest.Eventually(t, "alice is released", func() bool { return ticketOf(t, m, "alice").State == matchq.Cancelled })
	if refused != 2 {
		t.Errorf("refused %d times", refused)
	}
}

// Sweeps of many players are bounded calls.
func TestReleaseOfManyPlayers(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Interval: time.Hour}))
	const players = 10_000
	a := startNode(t, m, matchq.NodeConfig{Grace: 10 * time.Millisecond})
	var requests []matchq.Request
	for i := range players {
		player := fmt.Sprint("player ", i)
		requests = append(requests, matchq.Request{Queue: fmt.Sprint("q", i%50), Player: player, WhileOnline: true})
	}
	var arriving sync.WaitGroup
	for part := range 8 {
		arriving.Go(func() {
			for i := part; i < players; i += 8 {
				a.arrive(t, requests[i].Player, requests[i].Player)
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
	if err := a.LeaveAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	var longest time.Duration
	redistest.Eventually(t, "all are released", func() bool {
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
