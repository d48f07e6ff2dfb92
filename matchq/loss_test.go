package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// followEvents watches from now on, and returns the error that ended it.
func followEvents(t *testing.T, m *matchq.Matcher) (began func(string), ended <-chan error) {
	t.Helper()
	after := position(t, m)
	seen, end := make(chan string, 1000), make(chan error, 1)
	go func() {
		for ev, err := range m.Watch(t.Context(), after) {
			if err != nil && !errors.Is(err, matchq.ErrUnavailable) {
				end <- err
				return
			}
			if err == nil && ev.Ticket != nil {
				seen <- ev.Ticket.ID
			}
		}
	}()
	return func(id string) {
		t.Helper()
		for {
			select {
			case got := <-seen:
				if got == id {
					return
				}
			case <-time.After(matchqtest.Patience):
				t.Fatalf("the event of %s did not come", id)
			}
		}
	}, end
}

func enqueueAndCancel(t *testing.T, m *matchq.Matcher, player string) string {
	t.Helper()
	ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: player})
	if err == nil {
		err = m.Cancel(t.Context(), ticket.ID, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return ticket.ID
}

// A replica that lagged goes on as if nothing had happened. New events soon pass the place of the watcher, which must
// learn all the same that others are gone.
func TestWatchAfterAFailoverToAStaleReplica(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueueAndCancel(t, m, "before")
	failover := env.Server.Snapshot(t)
	saw, ended := followEvents(t, m)
	saw(enqueueAndCancel(t, m, "lost"))
	failover()
	for i := 0; ; i++ {
		// Until it notices: each of these may be the one that it reads first.
		ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: fmt.Sprint("after", i)})
		if err == nil {
			_ = m.Cancel(t.Context(), ticket.ID, "")
		}
		select {
		case err := <-ended:
			if !errors.Is(err, matchq.ErrGap) {
				t.Error(err)
			}
			return
		default:
		}
		if i == 10000 {
			t.Fatal("the watcher goes on as if nothing had happened")
		}
	}
}

// The entry of the watcher's own place is gone, and newer ones stand behind it: wherever Redis does not tell its identity.
func TestWatchMissesItsOwnEntry(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		enqueueAndCancel(t, m, "first")
		enqueueAndCancel(t, m, "lost")
		at := position(t, m)
		enqueueAndCancel(t, m, "newer")
		if err := env.Client.XDel(t.Context(), m.HashTag()+":events", at).Err(); err != nil {
			t.Fatal(err)
		}
		for ev, err := range watch(t, m, at) {
			if !errors.Is(err, matchq.ErrGap) {
				t.Errorf("%+v, %v", ev, err)
			}
			return
		}
	})
}

// running starts Run, and returns the counter of OnLoss's calls.
func running(t *testing.T, env *matchqtest.Env, cfg matchq.Config) (*matchq.Matcher, <-chan struct{}) {
	t.Helper()
	lost := make(chan struct{}, 100)
	cfg.OnLoss = func() { lost <- struct{}{} }
	m := newMatcher(t, env, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return m, lost
}

func wantLoss(t *testing.T, what string, lost <-chan struct{}, lag func() time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case <-lost:
		took := time.Since(began).Round(time.Millisecond)
		if t.Logf("%s: known after %v", what, took); took > 5*time.Second+3*lag() {
			t.Errorf("%s: known only after %v", what, took)
		}
	case <-time.After(matchqtest.Patience):
		t.Fatalf("%s: not known after %v", what, matchqtest.Patience)
	}
}

// OnLoss is called after each way to lose acknowledged writes, twice, and not otherwise.
func TestOnLoss(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	lag := testkit.MeasureLag(t, env.Client)
	m := newMatcher(t, env, matchq.Config{})
	runs, lost := running(t, env, matchq.Config{Interval: 20 * time.Millisecond, Timeout: 200 * time.Millisecond})
	ctx := t.Context()
	enqueueAndCancel(t, m, "alice") // makes the namespace
	matchqtest.Eventually(t, "it knows which Redis this is", func() bool { return runs.LookAtRedis(ctx) == nil })
	failover := env.Server.Snapshot(t)
	for _, c := range []struct {
		what  string
		fault func()
	}{
		{"a stale replica", failover},
		{"FLUSHALL", func() {
			if err := env.Client.FlushAll(ctx).Err(); err != nil {
				t.Error(err)
			}
		}},
		{"a restart", func() { env.Server.Kill(); env.Server.Restart() }},
	} {
		what := c.what
		c.fault()
		wantLoss(t, what, lost, lag)
		matchqtest.Eventually(t, "it is a namespace again", func() bool {
			ticket, err := m.Enqueue(ctx, matchq.Request{Queue: "q", Player: "bob " + what})
			return err == nil && m.Cancel(ctx, ticket.ID, "") == nil
		})
		wantLoss(t, what+", again", lost, lag)
		for drained := false; !drained; {
			// A failover is two changes: to the replica's data, and to a master of its own.
			select {
			case <-lost:
			case <-time.After(2 * time.Second):
				drained = true
			}
		}
	}
	// A connection that breaks is no loss.
	if err := env.Client.ClientKillByFilter(ctx, "TYPE", "normal").Err(); err != nil {
		t.Error(err)
	}
	select {
	case <-lost:
		t.Error("a broken connection counts as a loss")
	case <-time.After(time.Second):
	}
}

// The states of many tickets, as Redis has them.
func TestStates(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ctx := t.Context()
		ids := []string{enqueueAndCancel(t, m, "cancelled"), "unknown"}
		want := []matchq.State{matchq.Cancelled, ""}
		for _, player := range []string{"alice", "bob"} {
			ids, want = append(ids, enqueue(t, m, "pair", player).ID), append(want, matchq.Matched)
		}
		if _, err := m.Tick(ctx, "pair"); err != nil {
			t.Fatal(err)
		}
		for i := range 600 { // more than a call takes
			ids, want = append(ids, enqueue(t, m, "q", fmt.Sprint("waiting", i)).ID), append(want, matchq.Waiting)
		}
		if got, err := m.States(ctx, ids...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, want %v; %v", got, want, err)
		}
		if got, err := m.States(ctx); err != nil || len(got) != 0 {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}

// Players were matched, and then Redis is an older state in which they wait. A process that knows of the match has time to cancel
// their tickets, before they are matched again.
func TestNoMatchRightAfterALoss(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	other := newMatcher(t, env, matchq.Config{Interval: 20 * time.Millisecond})
	ids := []string{enqueue(t, other, "q", "alice").ID, enqueue(t, other, "q", "bob").ID}
	failover := env.Server.Snapshot(t)
	lag := testkit.MeasureLag(t, env.Client)
	m, lost := running(t, env, matchq.Config{Interval: 20 * time.Millisecond})
	matched := func(id string) func() bool {
		return func() bool {
			got, err := m.Ticket(t.Context(), id)
			return err == nil && got.State == matchq.Matched
		}
	}
	matchqtest.Eventually(t, "they are matched", matched(ids[0]))
	failover()
	wantLoss(t, "a stale replica", lost, lag)
	time.Sleep(300 * time.Millisecond) // a slow process
	for _, id := range ids {
		if err := m.Cancel(t.Context(), id, "lost"); err != nil {
			t.Error(err)
		}
	}
	next := enqueue(t, m, "q", "alice").ID
	enqueue(t, m, "q", "bob")
	matchqtest.Eventually(t, "they are matched again", matched(next))
	checkAudit(t, m)
}
