package matchq_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// makeUnreadable gives the rules of a pattern a field that no version has yet.
func makeUnreadable(t *testing.T, env *matchqtest.Env, pattern string) {
	t.Helper()
	prefix := "{" + env.Namespace + "}:"
	stored := env.Client.HGet(t.Context(), prefix+"rules", pattern).Val()
	newer := strings.Replace(stored, `{"`, `{"teams":2,"`, 1)
	if newer == stored {
		t.Fatal(stored)
	}
	for _, err := range []error{
		env.Client.HSet(t.Context(), prefix+"rules", pattern, newer).Err(),
		env.Client.HSet(t.Context(), prefix+"meta", "rules", "99.newer").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Many due queues whose rules a process can't read hide no other queue from it.
func TestUnreadableRulesHideNoQueue(t *testing.T) {
	t.Parallel()
	env := matchqtest.Shared(t)
	old := newMatcher(t, env, matchq.Config{Logger: quiet, Interval: 50 * time.Millisecond})
	requests := make([]matchq.Request, 300) // more than any look at due queues skips
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprint("new-", i), Player: fmt.Sprint("p", i), TTL: matchq.Never}
	}
	if _, err := old.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	setRules(t, old, "new*", matchq.Rules{})
	makeUnreadable(t, env, "new*")
	matchqtest.Eventually(t, "the queues are due", func() bool {
		q, err := old.Queue(t.Context(), "new-299")
		return err == nil && q.Overdue > 0
	})
	ended := make(chan error, 1)
	go func() { ended <- old.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	first := enqueue(t, old, "history", "alice")
	enqueue(t, old, "history", "bob")
	matchqtest.Eventually(t, "the other queue is matched", func() bool { return ticketOf(t, old, "alice").State == matchq.Matched })
	if got, err := old.Ticket(t.Context(), first.ID); err != nil || got.Match == nil {
		t.Errorf("%+v, %v", got, err)
	}
}
