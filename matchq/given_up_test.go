package matchq_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// calls are those of a Matcher that ask Redis, by name.
func calls(m *matchq.Matcher, ticket matchq.Ticket) map[string]func(context.Context) error {
	request := matchq.Request{Queue: "history", Player: "bob"}
	return map[string]func(context.Context) error{
		"enqueue":     func(ctx context.Context) error { return second(m.Enqueue(ctx, request)) },
		"enqueue all": func(ctx context.Context) error { return second(m.EnqueueAll(ctx, []matchq.Request{request})) },
		"ticket":      func(ctx context.Context) error { return second(m.Ticket(ctx, ticket.ID)) },
		"ticket of":   func(ctx context.Context) error { return second(m.TicketOf(ctx, "alice")) },
		"match":       func(ctx context.Context) error { return second(m.Match(ctx, "1-0-0")) },
		"cancel":      func(ctx context.Context) error { return m.Cancel(ctx, ticket.ID, "") },
		"accept":      func(ctx context.Context) error { return second(m.Accept(ctx, "1-0-0", "alice")) },
		"tick":        func(ctx context.Context) error { return second(m.Tick(ctx, "history")) },
		"pause":       func(ctx context.Context) error { return m.Pause(ctx, "history") },
		"drain":       func(ctx context.Context) error { return second(m.Drain(ctx, "history")) },
		"withdraw":    func(ctx context.Context) error { return m.Withdraw(ctx, "x", time.Now(), "alice") },
		"queues":      func(ctx context.Context) error { return second(m.Queues(ctx)) },
		"audit":       func(ctx context.Context) error { return second(m.Audit(ctx)) },
		"deep audit":  func(ctx context.Context) error { return second(m.AuditDeep(ctx)) },
		"position":    func(ctx context.Context) error { return second(m.Position(ctx)) },
		"events":      func(ctx context.Context) error { return second(m.RecentMatches(ctx, 1)) },
		"check":       func(ctx context.Context) error { return m.Check(ctx) },
	}
}

// A caller that cancels its own context hears that, and not that Redis is away: before the call, and while Redis is
// frozen under it.
func TestGivingUpIsNoOutage(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	ticket := enqueue(t, m, "history", "alice")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check := func(t *testing.T, name string, err error) {
		t.Helper()
		if !errors.Is(err, context.Canceled) || errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, call := range calls(m, ticket) {
		if name != "enqueue" && name != "enqueue all" { // whose row may be on its way
			check(t, name, call(ended))
		}
	}
	env.Server.Stop()
	defer env.Server.Continue()
	for name, call := range calls(m, ticket) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		cancel()
		check(t, name, <-done)
	}
}

// A caller that gives up is still told what is known of its request, and a deadline is still an outage.
func TestGivingUpTellsWhatIsKnown(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueue(t, m, "history", "warm")
	first, giveUp := context.WithCancel(t.Context())
	env.Client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/enqueue")), number: 1, do: giveUp})
	env.Server.Stop()
	defer env.Server.Continue()
	for _, sent := range []bool{true, false} {
		ctx := first
		if !sent { // it waits for the first
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
		}
		_, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"})
		var unknown *matchq.UnknownError
		if !errors.Is(err, context.Canceled) || errors.Is(err, matchq.ErrUnavailable) || errors.As(err, &unknown) != sent {
			t.Errorf("sent: %v, error: %v", sent, err)
		}
		if !sent && !strings.Contains(err.Error(), "nothing was queued") {
			t.Errorf("not sent: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.Stats(ctx); !errors.Is(err, matchq.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
}

// Drain with a context that has ended has nothing of its own running afterwards.
func TestDrainAfterItsContext(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 {
			if _, err := m.Drain(ctx, "q"); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	})
}
