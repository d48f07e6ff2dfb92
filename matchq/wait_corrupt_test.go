package matchq_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// addUnreadable adds an entry that nothing can read to the events, and returns its id.
func addUnreadable(t *testing.T, env *matchqtest.Env) string {
	t.Helper()
	entry := &redis.XAddArgs{Stream: "{" + env.Namespace + "}:events", Values: []string{
		"at", "1", "size", "1", "kind", "nonsense", "tickets", "a\nb",
	}}
	id, err := env.Client.XAdd(t.Context(), entry).Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestAWaitThatCantBeReadFailsAlone: the end of one ticket stands in an entry that nothing can read. The Wait for that ticket
// fails; one that began before goes on.
func TestAWaitThatCantBeReadFailsAlone(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
		good, bad := enqueue(t, m, "history", "alice"), enqueue(t, m, "maths", "mallory")
		outcome := "c\t" + addUnreadable(t, env) + "-0"
		forGood := wait(t, m, good.ID)
		if err := env.Client.HSet(t.Context(), "{"+env.Namespace+"}:tickets", bad.ID, outcome).Err(); err != nil {
			t.Fatal(err)
		}
		w := ends(t, wait(t, m, bad.ID))
		if w.err == nil || errors.Is(w.err, matchq.ErrNotFound) || errors.Is(w.err, matchq.ErrLost) {
			t.Errorf("the bad one: %+v, %v", w.Ticket, w.err)
		}
		if err := m.Cancel(t.Context(), good.ID, "tired"); err != nil {
			t.Fatal(err)
		}
		if w := ends(t, forGood); w.err != nil || w.Reason != "tired" {
			t.Errorf("the good one: %+v, %v", w.Ticket, w.err)
		}
	})
}

// TestAWaitStepsOverAnUnreadableEntry of the events, and returns the end of its ticket behind it.
func TestAWaitStepsOverAnUnreadableEntry(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
		good := enqueue(t, m, "history", "alice")
		forGood := wait(t, m, good.ID)
		addUnreadable(t, env)
		if err := m.Cancel(t.Context(), good.ID, "tired"); err != nil {
			t.Fatal(err)
		}
		if w := ends(t, forGood); w.err != nil || w.Reason != "tired" {
			t.Errorf("the ticket: %+v, %v", w.Ticket, w.err)
		}
	})
}
