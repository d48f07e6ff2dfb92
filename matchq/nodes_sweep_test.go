package matchq_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// A process is killed while it sweeps a large queue, and another one goes on where it was: each player meets the one with
// the same rating, half a line away, and nobody is lost or left.
func TestASweepGoesOnAfterAKill(t *testing.T) {
	const pairs = 3000
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Logger: quiet, Timeout: 10 * time.Second})
	setRules(t, m, "*", matchq.Rules{Interval: nodeInterval, TicketTTL: matchq.Never, Rules: []rules.Rule{{Type: rules.Distance, Max: 1}}})
	requests := make([]matchq.Request, 2*pairs)
	for i := range requests {
		requests[i] = matchq.Request{Queue: largeQueue, Player: fmt.Sprint("p", i), ID: fmt.Sprint("ticket-", i), Rating: new(float64(10 * (i % pairs)))}
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	sweeping := func() bool {
		state := env.Client.HGet(t.Context(), "{"+m.Config().Namespace+"}:batches", largeQueue).Val()
		return strings.HasPrefix(state, "s")
	}

	n := &nodes{visits: map[string]int{}, matches: make([]int, 2)}
	killed := n.start(t, 0, env, "MATCHQ_TEST_HANGS=1")
	matchqtest.Eventually(t, "the process hangs in a sweep", func() bool { return n.inTheMiddle(hangsAfter) })
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	n.all.Wait()
	stats, err := m.Stats(t.Context())
	if err != nil || !sweeping() || stats.Matches == pairs {
		t.Fatalf("it was not killed in the middle: %d of %d matches, %v", stats.Matches, pairs, err)
	}

	n.start(t, 1, env)
	matchqtest.Eventually(t, "the other process matches the rest", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Matches == pairs
	})
	for i := 0; i < pairs; i += 10 {
		got, err := m.Ticket(t.Context(), requests[i].ID)
		if err != nil || got.Match == nil || got.Match.Tickets[0].ID != requests[i].ID || got.Match.Tickets[1].ID != requests[i+pairs].ID {
			t.Fatalf("player %d: %+v, %v", i, got, err)
		}
	}
	checkAudit(t, m)
}
