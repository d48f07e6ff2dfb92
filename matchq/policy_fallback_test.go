package matchq_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// The state of a queue says that its policy failed, on all nodes, until it works again or another one is set.
func TestQueuesTellOfAFallback(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		cfg := matchq.Config{Logger: slog.New(slog.DiscardHandler)}
		m, other := newMatcher(t, env, cfg), newMatcher(t, env, cfg)
		until := func(by *matchq.Matcher, queue string) time.Time {
			t.Helper()
			q, err := by.Queue(t.Context(), queue)
			if err != nil {
				t.Fatal(err)
			}
			return q.FallbackUntil
		}
		setRules(t, m, "*", matchq.Rules{Policy: "mine", Source: flaky})
		for _, player := range []string{"a", "trouble"} {
			enqueue(t, m, "history", player)
		}
		enqueueMany(t, m, "maths", 2)
		report, err := m.Tick(t.Context(), "history")
		if err == nil || !report.Fallback {
			t.Fatalf("%+v, %v", report, err)
		}
		tick(t, m, "maths")
		for _, by := range []*matchq.Matcher{m, other} {
			if got := until(by, "history"); !got.Equal(report.At.Add(30 * time.Second)) {
				t.Errorf("until %v, and the tick was at %v", got, report.At)
			}
			if got := until(by, "maths"); !got.IsZero() {
				t.Errorf("the other queue: until %v", got)
			}
		}
		setRules(t, m, "*", matchq.Rules{Policy: "mine", Source: flaky + " -- mended"})
		if got := until(m, "history"); !got.IsZero() {
			t.Errorf("the policy was mended: until %v", got)
		}
	})
}
