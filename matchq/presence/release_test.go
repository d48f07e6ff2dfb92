package presence_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// A player who has gone since the match gets a new ticket when it is released, and the next tick cancels that: others learn it
// by its event, as always.
func TestReleaseOfAMatchWhosePlayerIsGone(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, p := newPresence(t, env, matchq.Config{Interval: time.Hour})
		n := startNode(t, p, presence.NodeConfig{Grace: time.Millisecond, Lease: time.Minute})
		n.connect(t, "here", "1")
		n.connect(t, "gone", "2")
		enqueueWhileOnline(t, m, "history", "here")
		enqueueWhileOnline(t, m, "history", "gone")
		tickQueue(t, m, "history")
		match := ticketOf(t, m, "here").Match
		n.disconnect(t, "gone", "2")
		matchqtest.Eventually(t, "the grace is over", func() bool { return whereIs(t, p, "gone") == "offline" })
		_, results, err := m.Release(t.Context(), match.ID, "")
		if err != nil || results[0].Err != nil || results[1].Err != nil || !results[1].Ticket.WhileOnline {
			t.Fatalf("release: %+v, %v", results, err)
		}
		tickQueue(t, m, "history")
		if got := ticketOf(t, m, "gone"); got.State != matchq.Cancelled || got.Reason != matchq.ReasonDisconnected {
			t.Errorf("the one who is gone: %+v", got)
		}
		if got := ticketOf(t, m, "here"); got.State != matchq.Waiting || got.ID == match.Tickets[0].ID {
			t.Errorf("the one who is here: %+v", got)
		}
		checkAudit(t, m)
	})
}
