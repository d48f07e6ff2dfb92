package presence_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// A tick cancels tickets whose player is gone, and pairs players who are away within the grace. Other tickets stay.
func TestATickMatchesNoPlayerWhoIsGone(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, matchq.Config{Interval: time.Hour})
		long := startNode(t, p, presence.NodeConfig{Grace: time.Hour})
		short := newNode(t, p, presence.NodeConfig{Grace: time.Millisecond, Lease: 10 * time.Millisecond}) // does not run
		for _, player := range []string{"never", "here", "away", "over", "dead"} {
			enqueueWhileOnline(t, m, "history", player)
		}
		enqueue(t, m, matchq.Request{Queue: "history", Player: "by http"})
		long.connect(t, "here", "1")
		long.connect(t, "away", "2")
		long.disconnect(t, "away", "2")
		short.connect(t, "dead", "3")
		short.connect(t, "over", "4")
		short.disconnect(t, "over", "4")
		matchqtest.Eventually(t, "the grace and the lease are over", func() bool {
			return whereIs(t, p, "over") == "offline" && whereIs(t, p, "dead") == "offline"
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
			if got.State != want || want == matchq.Cancelled && got.Reason != matchq.ReasonDisconnected {
				t.Errorf("%s: %s, %q", player, got.State, got.Reason)
			}
		}
		checkAudit(t, m)
	})
}

// From the exact millisecond of the end of a lease or a grace, its player is not matched.
func TestTheBoundaryOfALease(t *testing.T) {
	env := matchqtest.Embedded(t)
	began := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(began)
	m, p := newPresence(t, env, matchq.Config{Interval: time.Hour})
	// Neither node runs: a heartbeat under way when a node is stopped would come after the clock was set, and renew its lease.
	newNode(t, p, presence.NodeConfig{Lease: time.Hour}).connect(t, "carol", "c1") // another live node
	lease := 10 * time.Second
	n := newNode(t, p, presence.NodeConfig{Lease: lease, Grace: 10 * time.Second})
	n.connect(t, "alice", "a1")
	n.connect(t, "bob", "b1")
	n.disconnect(t, "bob", "b1")
	for _, c := range []struct {
		after   time.Duration
		matches int
	}{{lease - time.Millisecond, 2}, {lease, 0}} {
		env.Embedded.SetTime(began.Add(c.after))
		for _, player := range []string{"alice", "bob", "by http", "by post"} {
			if player == "alice" || player == "bob" {
				enqueueWhileOnline(t, m, player, player)
			} else {
				enqueue(t, m, matchq.Request{Queue: map[string]string{"by http": "alice", "by post": "bob"}[player], Player: player})
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

// While no node has a lease it is unknown which players are connected: none is evicted, and a player who might be gone
// is not matched.
func TestATickThatCanNotKnowWaits(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, matchq.Config{Interval: 10 * time.Millisecond})
		n := newNode(t, p, presence.NodeConfig{Lease: 50 * time.Millisecond})
		n.connect(t, "alice", "a1")
		enqueueWhileOnline(t, m, "history", "alice")
		enqueue(t, m, matchq.Request{Queue: "history", Player: "by http"})
		enqueue(t, m, matchq.Request{Queue: "sports", Player: "carol"})
		enqueue(t, m, matchq.Request{Queue: "sports", Player: "dave"})
		matchqtest.Eventually(t, "the lease is over", func() bool { return whereIs(t, p, "alice") == "offline" })
		if got := tickQueue(t, m, "history"); got.Matches != 0 || got.Left != 2 {
			t.Errorf("blind: %+v", got)
		}
		if got := tickQueue(t, m, "sports"); got.Matches != 1 {
			t.Errorf("tickets that are tied to no connection: %+v", got)
		}
		queue, err := m.Queue(t.Context(), "history")
		if err != nil || queue.NextTickIn > time.Second {
			t.Errorf("the next visit is in %v, %v", queue.NextTickIn, err)
		}
		n.run(t) // it is back, and so is alice
		matchqtest.Eventually(t, "they are matched", func() bool { return tickQueue(t, m, "history").Matches == 1 })
		checkAudit(t, m)
	})
}

// A player who is gone declines their proposed match.
func TestAPlayerWhoIsGoneDeclines(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, quiet(matchq.Config{Interval: time.Hour, ReadyTimeout: time.Hour}))
		n := startNode(t, p, presence.NodeConfig{Grace: 20 * time.Millisecond})
		n.connect(t, "alice", "a1")
		enqueueWhileOnline(t, m, "history", "alice")
		enqueue(t, m, matchq.Request{Queue: "history", Player: "bob"})
		tickQueue(t, m, "history")
		if got := ticketOf(t, m, "alice"); got.State != matchq.Proposed || !got.WhileOnline {
			t.Fatalf("alice: %+v", got)
		}
		n.disconnect(t, "alice", "a1")
		matchqtest.Eventually(t, "alice is cancelled", func() bool { return ticketOf(t, m, "alice").State == matchq.Cancelled })
		if got := ticketOf(t, m, "alice"); got.Reason != matchq.ReasonDisconnected {
			t.Errorf("alice: %+v", got)
		}
		if got := ticketOf(t, m, "bob"); got.State != matchq.Waiting {
			t.Errorf("bob: %+v", got)
		}
		matchqtest.Eventually(t, "alice is forgotten", func() bool { return whereIs(t, p, "alice") == "offline" })
		checkAudit(t, m)
	})
}
