package matchq_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// The line of a queue has its waiting and its proposed tickets in their order, and those of other queues not.
func TestLine(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour})
		enqueue(t, m, "q", "a")
		gone := enqueue(t, m, "q", "b")
		enqueue(t, m, "q", "c")
		enqueue(t, m, "other", "z")
		if err := m.Cancel(t.Context(), gone.ID, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		enqueue(t, m, "q", "d")
		line := func(n int) (got string) {
			tickets, err := m.Line(t.Context(), "q", n)
			if err != nil {
				t.Fatal(err)
			}
			for _, ticket := range tickets {
				got += fmt.Sprint(ticket.Player, " ", ticket.State, " ", ticket.Queue, "; ")
			}
			return got
		}
		if got := line(10); got != "a proposed q; c proposed q; d waiting q; " {
			t.Errorf("got %s", got)
		}
		if got := line(1); got != "a proposed q; " {
			t.Errorf("the first place: %s", got)
		}
		if got := line(-1); got != "" {
			t.Errorf("no place: %s", got)
		}
		if _, err := m.Line(t.Context(), "", 1); !errors.As(err, new(*matchq.InvalidError)) {
			t.Errorf("no queue: %v", err)
		}
	})
}
