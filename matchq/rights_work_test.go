package matchq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/metrics"
)

// TestTheLeastRightsSufficeForWork uses what is done with matches, rules and metrics as a user with the rights that README
// names.
func TestTheLeastRightsSufficeForWork(t *testing.T) {
	t.Parallel()
	env, _ := restricted(t)
	m := newMatcher(t, env, matchq.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	collector := metrics.New(ctx, m, metrics.Options{})
	registry := prom.NewRegistry()
	if err := registry.Register(collector); err != nil {
		t.Fatal(err)
	}

	var all deliveries
	o := quick("work")
	o.MaxDeliveries = 2
	work(t, m, o, func(_ context.Context, ev matchq.Event) error { all.add(ev); return errHandle })
	var together handled
	end := consume(t, m, "together", "w", func(_ context.Context, ev matchq.Event) error { together.add(ev); return nil })
	events := makeMatches(t, m, 2)
	matchqtest.Eventually(t, "all are dead", func() bool { return groupOf(t, m, "work").DeadLetters == 2 })
	matchqtest.Eventually(t, "all are handled", func() bool { return len(together.sorted()) == 2 })
	check(t, "consume together", end())
	_, _, err := m.DeadLetters(ctx, "work", 0, 10)
	check(t, "dead letters", err)
	_, err = m.RemoveDeadLetters(ctx, "work", events[0].ID)
	check(t, "remove", err)
	_, err = m.RetryDeadLetters(ctx, "work", events[1].ID)
	check(t, "retry", err)

	_, err = m.Assign(ctx, events[0].ID, matchq.Assignment{Connection: "203.0.113.5:7777"})
	check(t, "assign", err)
	_, results, err := m.Release(ctx, events[0].ID, "no_server")
	check(t, "release", err)
	_, err = m.Wait(ctx, events[0].Match.Tickets[0].ID)
	check(t, "wait", err)
	_, err = m.SetRules(ctx, "hist*", matchq.Rules{Interval: time.Second}, matchq.Edit{By: "ann"})
	check(t, "set rules", err)
	_, err = m.Explain(ctx, results[0].Ticket.ID)
	check(t, "explain", err)
	_, _, err = m.AllRules(ctx)
	check(t, "all rules", err)
	_, err = m.RulesChanges(ctx)
	check(t, "changes", err)
	_, err = m.Line(ctx, "history", 10)
	check(t, "line", err)
	_, err = m.RecentMatches(ctx, 10)
	check(t, "recent matches", err)
	_, err = m.TicketEvents(ctx, &results[0].Ticket)
	check(t, "ticket events", err)
	_, err = registry.Gather()
	check(t, "metrics", err)
	check(t, "delete group", m.DeleteGroup(ctx, "work"))
	if err := m.DeleteGroup(ctx, "none"); !errors.Is(err, matchq.ErrNotFound) {
		t.Errorf("delete a group that is not there: %v", err)
	}
	if lines := env.Server.Client(t).Do(ctx, "ACL", "LOG").Val(); len(lines.([]any)) > 0 {
		t.Errorf("rights that were missed: %v", lines)
	}
}
