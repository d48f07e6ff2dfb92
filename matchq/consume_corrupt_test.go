package matchq_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestWorkersStepOverAnUnreadableEntry, of Consume and of ConsumeTogether, say so in the log and go on with what follows.
func TestWorkersStepOverAnUnreadableEntry(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		var log logged
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		before := cancelledOnes(t, m, 1)
		addUnreadable(t, env)
		ids := append(before, idsOfEvents(makeMatches(t, m, 2))...)
		var all handled
		end := consume(t, m, "group", "w0", func(_ context.Context, ev matchq.Event) error {
			if slices.Contains(ids, ev.ID) {
				all.add(ev)
			}
			return nil
		})
		matchqtest.Eventually(t, "all that follows is handled", func() bool { return len(all.sorted()) == len(ids) })
		if err := end(); err != nil {
			t.Errorf("together: %v", err)
		}
		if n := log.count("skipped an unreadable entry"); n != 1 {
			t.Errorf("the log told %d times of it", n)
		}
		var one deliveries
		o := quick("rooms")
		o.Kinds = []matchq.State{matchq.Matched, matchq.Cancelled}
		work(t, m, o, func(_ context.Context, ev matchq.Event) error { return one.finish(ev) })
		matchqtest.Eventually(t, "each is handled", func() bool { return len(one.finished()) == len(ids) })
	})
}
