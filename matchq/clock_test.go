package matchq_test

import (
	"context"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestGuarantee7ClockJumps sets the clock of an embedded Redis; a real one has the machine's clock.
func TestGuarantee7ClockJumps(t *testing.T) {
	const interval = 200 * time.Millisecond
	for name, jump := range map[string]time.Duration{"back": -time.Hour, "forward": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := matchqtest.Embedded(t)
			m := newMatcher(t, env, matchq.Config{Interval: interval, TTL: matchq.Never})
			enqueue(t, m, "warm", "dora")
			tick(t, m, "warm") // makes the scripts known
			lag := testkit.MeasureLag(t, env.Client)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- m.Run(ctx) }()

			// Three wait: two are due in the next window; the third gets no opponent and expires after it.
			enqueue(t, m, "pair", "alice")
			enqueue(t, m, "pair", "bob")
			lone, err := m.Enqueue(t.Context(), matchq.Request{Queue: "lone", Player: "carol", TTL: interval})
			if err != nil {
				t.Fatal(err)
			}
			jumped := time.Now()
			stopClock := runClock(env, jump)
			defer stopClock()

			ended := map[string]time.Duration{}
			for event, err := range watch(t, m, matchq.FromOldest) {
				if err != nil {
					t.Fatal(err)
				}
				for _, ticket := range event.Tickets() {
					ended[ticket.Player] = time.Since(jumped)
				}
				if len(ended) == 3 {
					break
				}
			}
			// A window, an interval's delay, the time to live of the lone ticket and the delay of its expiry, and
			// slack.
			slack := 300*time.Millisecond + 3*lag()
			if ended["alice"] > 2*interval+slack || ended["carol"] > 4*interval+slack {
				t.Errorf("ended after %v", ended)
			}
			if got, err := m.Ticket(t.Context(), lone.ID); err != nil || got.State != matchq.Expired {
				t.Errorf("lone: %+v, %v", got, err)
			}
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			checkAudit(t, m)
		})
	}
}

// runClock runs an embedded Redis's clock on from now plus jump, until it is stopped.
func runClock(env *matchqtest.Env, jump time.Duration) (stop func()) {
	env.Embedded.SetTime(time.Now().Add(jump))
	ticker, done := time.NewTicker(time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				env.Embedded.SetTime(time.Now().Add(jump))
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}

// A clock that was ahead leaves entries with future ids, and a stream's ids never decrease. Forgetting must still work.
func TestGuarantee7AClockThatWasAheadStopsNoForgetting(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second})
	now := time.Now()
	for _, at := range []time.Duration{0, 720 * time.Hour, time.Second, 2 * time.Second, 5 * time.Second} {
		env.Embedded.SetTime(now.Add(at))
		for more := true; more; {
			var err error
			if more, err = m.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		enqueueMany(t, m, "history", 2)
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
	}
	audit := checkAudit(t, m)
	if audit.Stored != 2 || audit.Events != 1 {
		t.Errorf("kept: %d tickets, %d events", audit.Stored, audit.Events)
	}
	for event, err := range watch(t, m, matchq.FromOldest) {
		if err != nil || !event.At.Equal(now.Add(5*time.Second).Truncate(time.Millisecond)) || event.Tickets()[0].Waited > time.Second {
			t.Errorf("event: %+v, %v", event, err)
		}
		break
	}
}

func TestDrainAfterTheClockWasSetBack(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueueMany(t, m, "history", 3)
	env.Embedded.SetTime(time.Now().Add(-10 * time.Second))
	if drained, err := m.Drain(t.Context(), "history"); err != nil || drained != 3 {
		t.Errorf("drained %d, %v", drained, err)
	}
	checkAudit(t, m)
}
