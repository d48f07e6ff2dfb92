package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestTicketsExpireWithAnEvent(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Interval: 20 * time.Millisecond, TTL: 40 * time.Millisecond})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()
		ticket := enqueue(t, m, "history", "alice")
		for event, err := range watch(t, m, matchq.FromOldest) {
			if err != nil || event.Kind != matchq.Expired || event.Ticket.ID != ticket.ID {
				t.Fatalf("event: %+v, %v", event, err)
			}
			if waited := event.Ticket.Waited; waited < 40*time.Millisecond {
				t.Errorf("expired after %v", waited)
			}
			break
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := m.Cancel(t.Context(), ticket.ID, ""); !errors.Is(err, matchq.ErrExpired) {
			t.Errorf("cancel: %v", err)
		}
		checkAudit(t, m)
	})
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Interval: 20 * time.Millisecond, Retention: time.Second, Limit: 32})
		tickets := enqueueMany(t, m, "history", 200)
		if err := m.Cancel(t.Context(), tickets[0].ID, ""); err != nil {
			t.Fatal(err)
		}
		lone := enqueue(t, m, "math", "alice")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()
		matchqtest.Eventually(t, "all but the waiting tickets are forgotten", func() bool {
			stats, err := m.Stats(t.Context())
			return err == nil && stats.Stored == stats.Waiting && stats.Events == 0
		})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := m.Ticket(t.Context(), tickets[1].ID); !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("ticket: %v", err)
		}
		if got, err := m.TicketOf(t.Context(), "alice"); err != nil || got.ID != lone.ID {
			t.Errorf("the waiting ticket: %+v, %v", got, err)
		}
		if _, err := m.TicketOf(t.Context(), tickets[1].Player); !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("player: %v", err)
		}
		checkAudit(t, m)
	})
}

func TestPauseResumeAndDrain(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Limit: 32})
		enqueueMany(t, m, "history", 101)
		for range 2 { // a repeat changes nothing
			if err := m.Pause(t.Context(), "history"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "late"}); !errors.Is(err, matchq.ErrPaused) {
			t.Errorf("enqueue in a paused queue: %v", err)
		}
		enqueue(t, m, "math", "late")
		report, err := m.Tick(t.Context(), "history")
		if err != nil || report.Matches != 0 || report.Left != 101 {
			t.Errorf("tick of a paused queue: %+v, %v", report, err)
		}
		queue, err := m.Queue(t.Context(), "history")
		if err != nil || !queue.Paused || queue.Waiting != 101 || queue.OldestWait < 0 {
			t.Errorf("queue: %+v, %v", queue, err)
		}
		for range 2 {
			if err := m.Resume(t.Context(), "history"); err != nil {
				t.Fatal(err)
			}
		}
		// A paused queue's full chunk was skipped and put back: all tickets keep their places.
		if report, err = m.Tick(t.Context(), "history"); err != nil || report.Matches != 50 || report.Left != 1 {
			t.Errorf("tick after the pause: %+v, %v", report, err)
		}
		drained, err := m.Drain(t.Context(), "history")
		if err != nil || drained != 1 {
			t.Errorf("drain: %d, %v", drained, err)
		}
		enqueueMany(t, m, "history", 100)
		if drained, err = m.Drain(t.Context(), "history"); err != nil || drained != 100 {
			t.Errorf("drain of several calls: %d, %v", drained, err)
		}
		queues, err := m.Queues(t.Context())
		if err != nil || len(queues) != 1 || queues[0].Name != "math" {
			t.Errorf("queues: %+v, %v", queues, err)
		}
		checkAudit(t, m)
	})
}

func TestCancelledTicketsLeaveNoTrace(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{TTL: matchq.Never})
		for i := range 100 {
			enqueue(t, m, "history", fmt.Sprint(i))
			if err := m.CancelPlayer(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		queue, err := m.Queue(t.Context(), "history")
		if err != nil || queue.Waiting != 0 || !queue.NextTick.IsZero() {
			t.Errorf("queue: %+v, %v", queue, err)
		}
		if queues, err := m.Queues(t.Context()); err != nil || len(queues) != 0 {
			t.Errorf("queues: %+v, %v", queues, err)
		}
		checkAudit(t, m)
	})
}

func TestAtOnceNeedsNoWindow(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Interval: matchq.AtOnce}) // no Run
		enqueueMany(t, m, "history", 10)
		matches := 0
		for event, err := range watch(t, m, matchq.FromOldest) {
			if err != nil || event.Kind != matchq.Matched {
				t.Fatalf("event: %+v, %v", event, err)
			}
			if matches++; matches == 5 {
				break
			}
		}
		checkAudit(t, m)
	})
}

func TestPolicies(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		byRating := matchq.LuaPolicy("by-rating", `
			return function(batch, size)
				local order = {}
				for i = 1, #batch do order[i] = i end
				table.sort(order, function(a, b) return batch[a].rating > batch[b].rating end)
				for i = #batch, #batch - #batch % size + 1, -1 do order[i] = nil end
				return order
			end`)
		players := matchWith(t, env, byRating)
		if want := []string{"9 8", "7 6", "5 4", "3 2", "1 0"}; !slices.Equal(players, want) {
			t.Errorf("by rating: %v, want %v", players, want)
		}
		if players = matchWith(t, env, matchq.Random()); len(players) != 5 {
			t.Errorf("random: %v", players)
		}
		picky := matchq.LuaPolicy("picky", `return function(batch) return {} end`)
		if players = matchWith(t, env, picky); len(players) != 0 {
			t.Errorf("picky: %v", players)
		}
	})
}

// matchWith ticks ten players, rated 0 to 9 in a scrambled order, and returns the pairs.
func matchWith(t *testing.T, env *matchqtest.Env, policy matchq.Policy) []string {
	t.Helper()
	env.Namespace += "x"
	m := newMatcher(t, env, matchq.Config{Policy: policy})
	for i := range 10 {
		rating := i * 7 % 10
		r := matchq.Request{Queue: "history", Player: fmt.Sprint(rating), Rating: new(float64(rating))}
		if _, err := m.Enqueue(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	report, err := m.Tick(t.Context(), "history")
	if err != nil || report.Left != 10-2*report.Matches {
		t.Fatalf("%s: %+v, %v", policy, report, err)
	}
	checkAudit(t, m)
	var players []string
	if report.Matches == 0 {
		return nil
	}
	for event, err := range watch(t, m, matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		if players = append(players, strings.Join(event.Match.Players(), " ")); len(players) == report.Matches {
			break
		}
	}
	return players
}

// A call that visits many queues reports each of them; its reports differ from those of the next call.
func TestCallsCanBeCounted(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		const queues = 40 // fewer than one call visits
		reports := make(chan matchq.TickReport, 2*queues)
		m := newMatcher(t, env, matchq.Config{Interval: matchq.AtOnce, Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) { reports <- r }}})
		var requests []matchq.Request
		for i := range 2 * queues {
			requests = append(requests, matchq.Request{Queue: fmt.Sprint(i / 2), Player: fmt.Sprint(i)})
		}
		results, err := m.EnqueueAll(t.Context(), requests)
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
		calls, took := 0, time.Duration(0)
		for range queues {
			r := <-reports
			if r.First {
				calls, took = calls+1, r.Took
			}
			if r.Took != took || r.Took <= 0 {
				t.Errorf("a call took %v and %v", took, r.Took)
			}
		}
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}
