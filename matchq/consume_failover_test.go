package matchq_test

import (
	"context"
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestAGroupFallsBack to an earlier position, as on a replica that had the events and not yet the group's work:
// its worker does not wait for a new event, but takes those.
func TestAGroupFallsBack(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, m, 3)
		var all deliveries
		work(t, m, quick("rooms"), func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
		matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == 3 })
		if err := env.Client.HSet(t.Context(), "{"+env.Namespace+"}:group:rooms", "position", "0-0").Err(); err != nil {
			t.Fatal(err)
		}
		matchqtest.Eventually(t, "all are done again", func() bool { return groupOf(t, m, "rooms").Done == 6 })
		for _, ev := range events {
			if n := len(slices.DeleteFunc(all.finished(), func(id string) bool { return id != ev.ID })); n != 2 {
				t.Errorf("%s was handled %d times", ev.ID, n)
			}
		}
	})
}
