package matchq_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

func tickQueue(t *testing.T, m *matchq.Matcher, queue string) matchq.TickReport {
	t.Helper()
	report, err := m.Tick(t.Context(), queue)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A tick cancels tickets whose player is gone, pairs those who are away within the grace, and leaves others alone.
func TestATickPairsNobodyWhoIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{Interval: time.Hour})
		long := startNode(t, m, matchq.NodeConfig{Grace: time.Hour})
		short := newNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, Lease: 10 * time.Millisecond}) // does not run
		for _, player := range []string{"never", "here", "away", "over", "dead"} {
			enqueueWhileOnline(t, m, "history", player)
		}
		enqueue(t, m, "history", "by http")
		long.arrive(t, "here", "1")
		long.arrive(t, "away", "2")
		long.leave(t, "away", "2")
		short.arrive(t, "dead", "3")
		short.arrive(t, "over", "4")
		short.leave(t, "over", "4")
		redistest.Eventually(t, "the grace and the lease are over", func() bool {
			return whereIs(t, m, "over") == "offline" && whereIs(t, m, "dead") == "offline"
		})

		report := tickQueue(t, m, "history")
		if report.Matches != 1 || report.Left != 1 {
			t.Errorf("report: %+v", report)
		}
		for player, want := range map[string]matchq.State{
			"never": matchq.Cancelled, "here": matchq.Matched, "away": matchq.Matched, "over": matchq.Cancelled,
			"dead": matchq.Cancelled, "by http": matchq.Waiting,
		} {
			got := ticketOf(t, m, player)
			if got.State != want || want == matchq.Cancelled && got.Reason != matchq.Disconnected {
				t.Errorf("%s: %s, %q", player, got.State, got.Reason)
			}
		}
		checkAudit(t, m)
	})
}

// At the very millisecond at which a lease ends, or a grace, nobody is paired any more.
func TestTheBoundaryOfALease(t *testing.T) {
	env := redistest.Embedded(t)
	began := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(began)
	m := newMatcher(t, env, matchq.Config{Interval: time.Hour})
	other := startNode(t, m, matchq.NodeConfig{Lease: time.Hour}) // somebody is alive
	lease := 10 * time.Second
	n := startNode(t, m, matchq.NodeConfig{Lease: lease, Grace: 10 * time.Second})
	n.arrive(t, "alice", "a1")
	n.arrive(t, "bob", "b1")
	n.leave(t, "bob", "b1")
	n.stop()
	for _, c := range []struct {
		after   time.Duration
		matches int
	}{{lease - time.Millisecond, 2}, {lease, 0}} {
		other.stop() // so that it does not see the clock jump, and act on it
		env.Embedded.SetTime(began.Add(c.after))
		for _, player := range []string{"alice", "bob", "by http", "by post"} {
			if player == "alice" || player == "bob" {
				enqueueWhileOnline(t, m, player, player)
			} else {
				enqueue(t, m, map[string]string{"by http": "alice", "by post": "bob"}[player], player)
			}
		}
		matches := tickQueue(t, m, "alice").Matches + tickQueue(t, m, "bob").Matches
		if c.matches == 0 && ticketOf(t, m, "alice").State != matchq.Cancelled {
			t.Error("alice is not known to be gone")
		}
		if matches != c.matches {
			t.Errorf("after %v: %d matches, want %d", c.after, matches, c.matches)
		}
	}
}

// While no node's lease runs it is not known who is there: nobody is given up, and nobody matched who might be gone.
func TestATickThatCanNotKnowWaits(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{Interval: 10 * time.Millisecond})
		n := startNode(t, m, matchq.NodeConfig{Lease: 50 * time.Millisecond})
		n.arrive(t, "alice", "a1")
		enqueueWhileOnline(t, m, "history", "alice")
		enqueue(t, m, "history", "by http")
		enqueue(t, m, "sports", "carol")
		enqueue(t, m, "sports", "dave")
		n.stop()
		redistest.Eventually(t, "the lease is over", func() bool { return whereIs(t, m, "alice") == "offline" })
		if got := tickQueue(t, m, "history"); got.Matches != 0 || got.Left != 2 {
			t.Errorf("blind: %+v", got)
		}
		if got := tickQueue(t, m, "sports"); got.Matches != 1 {
			t.Errorf("whose tickets are tied to nothing: %+v", got)
		}
		queue, err := m.Queue(t.Context(), "history")
		if err != nil || queue.NextTickIn > time.Second {
			t.Errorf("the next visit is in %v, %v", queue.NextTickIn, err)
		}
		n.run(t) // it is back, and so is alice
		redistest.Eventually(t, "they are matched", func() bool { return tickQueue(t, m, "history").Matches == 1 })
		checkAudit(t, m)
	})
}

// A player who is gone declines what they were proposed for.
func TestWhoIsGoneDeclines(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, quiet(matchq.Config{Interval: time.Hour, ReadyTimeout: time.Hour}))
		n := startNode(t, m, matchq.NodeConfig{Grace: 20 * time.Millisecond})
		n.arrive(t, "alice", "a1")
		enqueueWhileOnline(t, m, "history", "alice")
		enqueue(t, m, "history", "bob")
		tickQueue(t, m, "history")
		if got := ticketOf(t, m, "alice"); got.State != matchq.Proposed || !got.WhileOnline {
			t.Fatalf("alice: %+v", got)
		}
		n.leave(t, "alice", "a1")
		redistest.Eventually(t, "alice is cancelled", func() bool { return ticketOf(t, m, "alice").State == matchq.Cancelled })
		if got := ticketOf(t, m, "alice"); got.Reason != matchq.Disconnected {
			t.Errorf("alice: %+v", got)
		}
		if got := ticketOf(t, m, "bob"); got.State != matchq.Waiting {
			t.Errorf("bob: %+v", got)
		}
		redistest.Eventually(t, "alice is forgotten", func() bool { return whereIs(t, m, "alice") == "offline" })
		checkAudit(t, m)
	})
}
