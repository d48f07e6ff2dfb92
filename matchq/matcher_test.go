package matchq_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// newMatcher makes a matcher in the test's namespace. Its calls wait for a Redis that answers late, since machines stall.
func newMatcher(t testing.TB, env *matchqtest.Env, cfg matchq.Config) *matchq.Matcher {
	t.Helper()
	cfg.Namespace = env.Namespace
	cfg.Timeout = cmp.Or(cfg.Timeout, matchqtest.Patience)
	m, err := matchq.New(env.Client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// enqueue queues a player or ends the test.
func enqueue(t testing.TB, m *matchq.Matcher, queue, player string) matchq.Ticket {
	t.Helper()
	ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: player})
	if err != nil {
		t.Fatalf("enqueue %s in %s: %v", player, queue, err)
	}
	return ticket
}

// checkAudit ends the test if a ticket is lost or doubled.
func checkAudit(t testing.TB, m *matchq.Matcher) matchq.AuditReport {
	t.Helper()
	audit, err := m.AuditDeep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !audit.OK() {
		t.Fatalf("the audit does not add up: %q", audit.Problems)
	}
	return audit
}

func TestTwoPlayersAreMatched(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		a, b := enqueue(t, m, "history", "alice"), enqueue(t, m, "history", "bob")
		report, err := m.Tick(t.Context(), "history")
		if err != nil || report.Matches != 1 || report.Left != 0 {
			t.Fatalf("tick: %+v, %v", report, err)
		}
		got, err := m.Ticket(t.Context(), a.ID)
		if err != nil || got.State != matchq.Matched {
			t.Fatalf("ticket: %+v, %v", got, err)
		}
		if players := got.Match.Players(); players[0] != "alice" || players[1] != "bob" {
			t.Fatalf("players: %v", players)
		}
		var matched *matchq.MatchedError
		if err := m.Cancel(t.Context(), b.ID, ""); !errors.As(err, &matched) || matched.Match.ID != got.Match.ID {
			t.Fatalf("cancel after the match: %v", err)
		}
		for event, err := range watch(t, m, matchq.FromOldest) {
			if err != nil || event.Match.ID != got.Match.ID {
				t.Fatalf("event: %+v, %v", event, err)
			}
			break
		}
		checkAudit(t, m)
	})
}

func TestRunMatchesWithinAnInterval(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Interval: 200 * time.Millisecond})
		enqueue(t, m, "warm", "carol")
		tick(t, m, "warm") // makes the scripts known
		lag := testkit.MeasureLag(t, env.Client)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		began := time.Now()
		enqueue(t, m, "history", "alice")
		enqueue(t, m, "history", "bob")
		for event, err := range watch(t, m, matchq.FromOldest) {
			if err != nil || event.Kind != matchq.Matched {
				t.Fatalf("event: %+v, %v", event, err)
			}
			break
		}
		if took, most := time.Since(began), 500*time.Millisecond+3*lag(); took > most {
			t.Errorf("matched after %v, at most %v", took, most)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
