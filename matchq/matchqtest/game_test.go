package matchqtest_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// The tests of this file are those of README.md.

func newGame(t *testing.T, env *matchqtest.Env) *matchq.Matcher {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{
		Namespace: env.Namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func join(t *testing.T, m *matchq.Matcher, player string) matchq.Ticket {
	t.Helper()
	ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "chess", Player: player})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestGameMatchesNow(t *testing.T) {
	m := newGame(t, matchqtest.Embedded(t))
	alice, _ := join(t, m, "alice"), join(t, m, "bob")
	if report, err := m.Tick(t.Context(), "chess"); err != nil || report.Matches != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if ticket, err := m.Ticket(t.Context(), alice.ID); err != nil || ticket.State != matchq.Matched {
		t.Errorf("%+v, %v", ticket, err)
	}
}

func TestGameWithAFakeClock(t *testing.T) {
	env := matchqtest.Embedded(t)
	clock := env.FakeClock(t)
	m := newGame(t, env)
	alice := join(t, m, "alice")
	if !alice.EnqueuedAt.Equal(clock.Now()) {
		t.Errorf("queued at %v, not %v", alice.EnqueuedAt, clock.Now())
	}
	for _, step := range []struct {
		passes  time.Duration
		expired int
	}{{59 * time.Second, 0}, {2 * time.Second, 1}} {
		clock.Advance(step.passes)
		if report, err := m.Tick(t.Context(), "chess"); err != nil || report.Expired != step.expired {
			t.Errorf("after %v more: %+v, %v", step.passes, report, err)
		}
	}
	if ended, err := m.Wait(t.Context(), alice.ID); err != nil || ended.State != matchq.Expired || ended.Waited != 61*time.Second {
		t.Errorf("%+v, %v", ended, err)
	}
}

func TestGameWaitsForEvents(t *testing.T) {
	m := newGame(t, matchqtest.Embedded(t))
	before, err := m.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var player sync.WaitGroup
	player.Go(func() {
		alice, err := m.Enqueue(t.Context(), matchq.Request{Queue: "chess", Player: "alice"})
		if err == nil {
			err = m.Cancel(t.Context(), alice.ID, "tired")
		}
		if err != nil {
			t.Error(err)
		}
	})
	event := matchqtest.Next(t, m.Watch(t.Context(), before), func(e matchq.Event) bool { return e.Kind == matchq.Cancelled })
	player.Wait()
	if event.Ticket.Player != "alice" || event.Reason != "tired" {
		t.Errorf("%+v", event)
	}
}

func TestGameLosesRedis(t *testing.T) {
	env := matchqtest.Real(t)
	m := newGame(t, env)
	alice := join(t, m, "alice")
	ended := make(chan error, 1)
	go func() {
		_, err := m.Wait(t.Context(), alice.ID)
		ended <- err
	}()
	env.Server.Kill()
	env.Server.Restart()
	// The Wait may have begun only after that, and then knows nothing of the ticket.
	if err := <-ended; !errors.Is(err, matchq.ErrLost) && !errors.Is(err, matchq.ErrNotFound) {
		t.Errorf("after the loss: %v", err)
	}
}

// Redis freezes. Nobody is queued without an answer, and all goes on.
func TestGameWhileRedisIsFrozen(t *testing.T) {
	env := matchqtest.Real(t)
	m := newGame(t, env)
	join(t, m, "alice")
	env.Server.Stop()
	brief, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := m.Enqueue(brief, matchq.Request{Queue: "chess", Player: "bob"})
	if !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("while it is frozen: %v", err)
	}
	env.Server.Continue()
	matchqtest.Eventually(t, "bob waits", func() bool {
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "chess", Player: "bob"})
		return err == nil
	})
}

// A replica that lagged takes over. Tickets that it had not seen are gone, and that is told.
func TestGameAfterAFailover(t *testing.T) {
	env := matchqtest.Real(t)
	m := newGame(t, env)
	alice := join(t, m, "alice")
	failover := env.Server.Snapshot(t)
	bob := join(t, m, "bob")
	failover()
	states, err := m.States(t.Context(), alice.ID, bob.ID)
	if err != nil || states[0] != matchq.Waiting || states[1] != "" {
		t.Errorf("after the failover: %v, %v", states, err)
	}
}
