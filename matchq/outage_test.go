package matchq_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// checkNothingSent checks that an enqueue failed without having been sent.
func checkNothingSent(t *testing.T, err error) {
	t.Helper()
	var unknown *matchq.UnknownError
	if !errors.Is(err, matchq.ErrUnavailable) || errors.As(err, &unknown) {
		t.Errorf("enqueue while redis is known to be away: %v", err)
	}
}

// enqueueAtLast queues a player as soon as Redis is back; the driver may notice that a second late.
func enqueueAtLast(t *testing.T, m *matchq.Matcher, queue, player string) (made matchq.Ticket) {
	t.Helper()
	matchqtest.Eventually(t, "players are queued again", func() bool {
		var err error
		made, err = m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: player})
		return err == nil
	})
	return made
}

func TestEnqueueWhileRedisIsFrozen(t *testing.T) {
	lag := testkit.MeasureLag(t) // not of a Redis that is frozen
	env := matchqtest.Real(t)
	calm := newMatcher(t, env, matchq.Config{})
	m := newMatcher(t, env, matchq.Config{Timeout: 500 * time.Millisecond})
	warm := enqueueAtLast(t, m, "history", "warm")
	if err := calm.Cancel(t.Context(), warm.ID, ""); err != nil {
		t.Fatal(err)
	}
	before := position(t, calm)

	env.Server.Stop()
	began := time.Now()
	_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
	var unknown *matchq.UnknownError
	if !errors.As(err, &unknown) || !errors.Is(err, matchq.ErrUnavailable) {
		t.Fatalf("first enqueue: %v", err)
	}
	if took := time.Since(began); took > m.Config().Timeout+300*time.Millisecond+3*lag() {
		t.Errorf("the caller waited %v", took)
	}
	for range 3 {
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "bob"})
		checkNothingSent(t, err)
	}
	env.Server.Continue()

	void := matchqtest.Next(t, calm.Watch(t.Context(), before), func(ev matchq.Event) bool { return ev.Ticket.ID == unknown.TicketID })
	if got := void.Ticket; got.State != matchq.Cancelled || got.Reason != "void" {
		t.Errorf("ended: %+v", got)
	}
	checkWaiting(t, calm, "history", 0)
	enqueueAtLast(t, m, "history", "alice")
	enqueueAtLast(t, m, "history", "bob")
	tick(t, calm, "history")
	checkWaiting(t, calm, "history", 0)
	env.Client = env.Server.Client(t) // whose driver remembers no outage
	checkAudit(t, newMatcher(t, env, matchq.Config{}))
}

// TestCallersGiveUpWhileRedisIsFrozen lets the contexts of callers end before the time-out of the call. By then the
// first one's request is sent; the second one's is not, since it waits for the first.
func TestCallersGiveUpWhileRedisIsFrozen(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueue(t, m, "history", "warm")
	first, pass := testkit.Deadline(t.Context())
	env.Client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/enqueue")), number: 1, do: pass})
	env.Server.Stop()
	defer env.Server.Continue()
	for _, sent := range []bool{true, false} {
		ctx := first
		if !sent {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
		}
		_, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"})
		var unknown *matchq.UnknownError
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &unknown) != sent {
			t.Errorf("sent: %v, error: %v", sent, err)
		}
		if !sent {
			checkNothingSent(t, err)
		}
	}
}

// witness collects a watcher's events, and restarts the watch when it ends, until ctx ends.
func witness(ctx context.Context, m *matchq.Matcher) (events chan matchq.Event, errs chan error) {
	events, errs = make(chan matchq.Event, 100), make(chan error, 100)
	go func() {
		defer close(events)
		defer close(errs)
		for ctx.Err() == nil {
			for ev, err := range m.Watch(ctx, matchq.FromOldest) {
				if err != nil {
					errs <- err
					continue
				}
				events <- ev
			}
		}
	}()
	return events, errs
}

func TestRedisComesBackEmpty(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Interval: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	events, errs := witness(ctx, m)
	enqueue(t, m, "history", "alice")
	enqueue(t, m, "history", "bob")
	first := <-events

	env.Server.Kill()
	if err := <-errs; !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("watch, while redis is away: %v", err)
	}
	// The first one may have been sent; those after it were not.
	if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "carol"}); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("enqueue, while redis is away: %v", err)
	}
	for range 2 {
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "dora"})
		checkNothingSent(t, err)
	}
	env.Server.Restart()

	made := enqueueAtLast(t, m, "history", "alice")
	enqueueAtLast(t, m, "history", "bob")
	for ev := range events {
		if ev.Kind == matchq.Matched {
			if ev.Match.Tickets[0].ID != made.ID || ev.ID == first.ID {
				t.Errorf("matched: %+v", ev)
			}
			break
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
	// The outage was reported once. Then there was a gap, or later events were newer than the last one seen.
	for err := range errs {
		if !errors.Is(err, matchq.ErrGap) {
			t.Errorf("watch, after redis came back: %v", err)
		}
	}
	env.Client = env.Server.Client(t) // whose driver remembers no outage
	checkAudit(t, newMatcher(t, env, m.Config()))
}

// The driver may reconnect to the new Redis silently; a watcher must learn that the old events are gone.
func TestWatchNoticesAnEmptiedRedis(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	first := enqueue(t, m, "history", "alice")
	if err := m.Cancel(t.Context(), first.ID, ""); err != nil {
		t.Fatal(err)
	}
	seen := false
	for event, err := range watch(t, m, matchq.FromOldest) {
		switch {
		case err == nil && !seen:
			seen = true
			env.Server.Kill()
			env.Server.Restart()
			if err := m.Cancel(t.Context(), enqueueAtLast(t, m, "history", "bob").ID, ""); err != nil {
				t.Fatal(err)
			}
		case errors.Is(err, matchq.ErrUnavailable):
		case errors.Is(err, matchq.ErrGap):
			return
		default:
			t.Fatalf("after the old events were lost: %+v, %v", event, err)
		}
	}
}
