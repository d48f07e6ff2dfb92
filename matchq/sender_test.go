package matchq_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Requests sent together are sorted by queue; the requests of one player must keep their order.
func TestRequestsOfOnePlayerKeepTheirOrder(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		results, err := m.EnqueueAll(t.Context(), []matchq.Request{
			{Queue: "zoology", Player: "alice"}, {Queue: "art", Player: "alice"}, {Queue: "biology", Player: "alice"},
		})
		if err != nil || results[0].Err != nil {
			t.Fatalf("the first request: %v, %v", results[0].Err, err)
		}
		for _, r := range results[1:] {
			var duplicate *matchq.DuplicateError
			if !errors.As(r.Err, &duplicate) || duplicate.Ticket.ID != results[0].Ticket.ID {
				t.Errorf("a later request: %+v, %v", r.Ticket, r.Err)
			}
		}
		checkAudit(t, m)
	})
}

// More requests than one call takes, in many queues: each queue keeps the order of its players.
func TestQueuesKeepTheirOrder(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		const queues, inQueue = 30, 40
		m := newMatcher(t, env, matchq.Config{Limit: 50})
		var requests []matchq.Request
		for i := range queues * inQueue {
			requests = append(requests, matchq.Request{
				Queue: fmt.Sprintf("quiz-%d", i%queues), Player: fmt.Sprintf("player-%04d", i),
			})
		}
		results, err := m.EnqueueAll(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		checkAudit(t, m)
		for i := range queues {
			if _, err := m.Tick(t.Context(), fmt.Sprintf("quiz-%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		last, seen := map[string]string{}, 0
		for event, err := range watch(t, m, matchq.FromOldest) {
			if err != nil {
				t.Fatal(err)
			}
			for _, ticket := range event.Tickets() {
				if ticket.Player <= last[ticket.Queue] {
					t.Errorf("queue %s: %s came before %s", ticket.Queue, ticket.Player, last[ticket.Queue])
				}
				last[ticket.Queue] = ticket.Player
				seen++
			}
			if seen == len(requests) {
				break
			}
		}
	})
}
