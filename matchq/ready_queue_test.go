package matchq_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// A restored ticket keeps its exact place, even if ids do not sort, all tickets came in one millisecond, and the batch
// took several calls.
func TestReadyRestoredWhereTheyStood(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for _, size := range []int{2, 5, 16} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { checkRestored(t, env, size) })
		}
	})
}

func checkRestored(t *testing.T, env *matchqtest.Env, size int) {
	m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour, Limit: 32, Size: size, Policy: matchq.LuaPolicy("picky", picky)})
	space := *env
	space.Namespace += fmt.Sprint("-", size)
	m = newMatcher(t, &space, m.Config())
	var requests []matchq.Request
	var want []string
	for i := range 300 {
		id := fmt.Sprintf("%03d-%d", (i*7919)%1000, i)
		want = append(want, id)
		requests = append(requests, matchq.Request{Queue: "q", Player: id, ID: id, Rating: new(float64(i * i % 5 % 2)), TTL: matchq.Never})
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	before := position(t, m)
	report, err := m.Tick(t.Context(), "q")
	if err != nil || report.More {
		t.Fatalf("tick: %+v, %v", report, err)
	}
	stats, err := m.Stats(t.Context())
	if err != nil || stats.Proposed < 200 || report.Left != int(stats.Waiting) {
		t.Fatalf("stats: %+v, %v; report %+v", stats, err, report)
	}
	checkAudit(t, m)
	gone := map[string]bool{}
	for i, ev := range take(t, m, before, int(stats.Proposed)/size) {
		decliner := ev.Match.Tickets[i%size].Player
		gone[decliner] = true
		if err := m.Decline(t.Context(), ev.Match.ID, decliner); err != nil {
			t.Fatal(err)
		}
	}
	checkAudit(t, m)
	want = slices.DeleteFunc(want, func(id string) bool { return gone[id] })
	var got []string
	for _, id := range env.Client.LRange(t.Context(), "{"+space.Namespace+"}:waiting:q", 0, -1).Val() {
		if !gone[id] {
			got = append(got, id)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("they stand as %v,\nbut stood as %v", got, want)
	}
}

// A paused queue proposes no match. Earlier proposals can be accepted, and restored tickets may expire.
func TestReadyPause(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, asking)
		for _, player := range []string{"A", "B", "C", "D", "E"} {
			enqueue(t, m, "history", player)
		}
		before := position(t, m)
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		events := take(t, m, before, 2)
		if err := m.Pause(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		accept(t, m, events[0].MatchID, "A", matchq.Proposed)
		accept(t, m, events[0].MatchID, "B", matchq.Matched)
		if err := m.Decline(t.Context(), events[1].MatchID, "C"); err != nil {
			t.Error(err)
		}
		if report, err := m.Tick(t.Context(), "history"); err != nil || report.Matches != 0 || report.Left != 2 {
			t.Errorf("tick of a paused queue: %+v, %v", report, err)
		}
		if err := m.Resume(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		if match := propose(t, m, "history"); match.Players()[0] != "D" {
			t.Errorf("proposed: %v", match.Players())
		}
		checkAudit(t, m)
	})
}

// Without windows, too, a restored ticket is matched with a waiting one.
func TestReadyAtOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Interval: matchq.AtOnce, ReadyTimeout: time.Hour})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx) }()
		before := position(t, m)
		enqueue(t, m, "history", "A")
		enqueue(t, m, "history", "B")
		match := take(t, m, before, 1)[0].Match
		enqueue(t, m, "history", "C")
		if err := m.Decline(t.Context(), match.ID, "B"); err != nil {
			t.Fatal(err)
		}
		events := take(t, m, before, 4)
		if next := events[3].Match; next == nil || fmt.Sprint(next.Players()) != "[A C]" {
			t.Errorf("events: %+v", events)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		checkAudit(t, m)
	})
}

// The clock is set back or forward: the deadline is no later than before, and tickets still expire.
func TestReadyClockJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{"back": -time.Hour, "forward": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := matchqtest.Embedded(t)
			env.Embedded.SetTime(time.Now()) // until it jumps
			m := newMatcher(t, env, matchq.Config{Interval: 100 * time.Millisecond, ReadyTimeout: 200 * time.Millisecond, TTL: time.Second})
			enqueue(t, m, "history", "A")
			enqueue(t, m, "history", "B")
			match := propose(t, m, "history")
			accept(t, m, match.ID, "A", matchq.Proposed)
			before := position(t, m)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- m.Run(ctx) }()
			lag := testkit.MeasureLag(t, env.Client)
			jumped := time.Now()
			defer runClock(env, jump)()
			events := take(t, m, before, 3)
			if took := time.Since(jumped); took > 2500*time.Millisecond+3*lag() {
				t.Errorf("it took %v", took)
			}
			if events[2].Kind != matchq.Expired || events[2].Ticket.Player != "A" {
				t.Errorf("events: %+v", events)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			checkAudit(t, m)
		})
	}
}

// A ticket carried from one call of a batch to the next may expire, or be cancelled, in between.
func TestReadyCarriedTicketsEnd(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour, Limit: 32, Size: 3, TTL: time.Minute})
	tickets := enqueueMany(t, m, "history", 80) // each call of 32 carries its last two
	if report, err := m.TickOnce(t.Context(), "history"); err != nil || !report.More || report.Matches != 10 {
		t.Fatalf("tick: %+v, %v", report, err)
	}
	if err := m.Cancel(t.Context(), tickets[30].ID, ""); err != nil {
		t.Fatal(err)
	}
	checkAudit(t, m)
	env.Embedded.SetTime(now.Add(m.Config().TTL))
	late := enqueueMany(t, m, "history", 1)[0]
	for more := true; more; {
		report, err := m.TickOnce(t.Context(), "history")
		if err != nil {
			t.Fatal(err)
		}
		more = report.More
		checkAudit(t, m)
	}
	checkState(t, m, tickets[31].ID, matchq.Expired, 2)
	checkState(t, m, late.ID, matchq.Waiting, 1)
	if stats, err := m.Stats(t.Context()); err != nil || stats.Proposed != 30 || stats.Expired != 49 || stats.Waiting != 1 {
		t.Errorf("stats: %+v, %v", stats, err)
	}
}
