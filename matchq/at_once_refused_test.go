package matchq_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestAtOnceLogsARefusalOnce, however many tickets are enqueued meanwhile.
func TestAtOnceLogsARefusalOnce(t *testing.T) {
	t.Parallel()
	env, operator := operator(t, false)
	var log logged
	m := newMatcher(t, env, matchq.Config{Interval: matchq.AtOnce, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, operator, "ACL", "SETUSER", "default", "-zmscore") // ticks need it, enqueues don't
	for i := range 20 {
		enqueue(t, m, fmt.Sprint("queue ", i), fmt.Sprint("player ", i))
	}
	matchqtest.Eventually(t, "it is logged", func() bool { return log.count("ticked later", "NOPERM") == 1 })
	must(t, operator, "ACL", "SETUSER", "default", "+@all")
	enqueue(t, m, "history", "alice")
	bob := enqueue(t, m, "history", "bob")
	matchqtest.Eventually(t, "the end is logged", func() bool { return log.count("at once again") == 1 })
	matchqtest.Eventually(t, "they are matched", func() bool {
		got, err := m.Ticket(t.Context(), bob.ID)
		return err == nil && got.State == matchq.Matched
	})
	if n := log.count("ticked later"); n != 1 {
		t.Errorf("%d lines say that it began", n)
	}
}
