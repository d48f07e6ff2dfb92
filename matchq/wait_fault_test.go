package matchq_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// A loss is told to Waits of tickets that are gone, and to nobody else.
func TestWaitTellsLosses(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *matchqtest.Env){
		"emptied": func(t *testing.T, env *matchqtest.Env) {
			if err := env.Client.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		},
		"restarted": func(_ *testing.T, env *matchqtest.Env) {
			env.Server.Kill()
			env.Server.Restart()
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := matchqtest.Real(t)
			m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
			got := wait(t, m, enqueue(t, m, "history", "alice").ID)
			lag := testkit.MeasureLag(t, env.Client)
			lose(t, env)
			began := time.Now()
			if w := ends(t, got); w.err != matchq.ErrLost { //nolint:errorlint // as it is
				t.Errorf("%+v, %v", w.Ticket, w.err)
			}
			if took := time.Since(began); took > 5*time.Second+3*lag() {
				t.Errorf("told after %v", took)
			}
		})
	}
}

// A failover to a replica that lagged loses the ticket that it had not received, and no other.
func TestWaitAcrossAFailover(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	kept := enqueue(t, m, "history", "alice")
	failover := env.Server.Snapshot(t)
	lost := enqueue(t, m, "maths", "bob")
	forKept, forLost := wait(t, m, kept.ID), wait(t, m, lost.ID)
	failover()
	if w := ends(t, forLost); w.err != matchq.ErrLost { //nolint:errorlint // as it is
		t.Errorf("the lost one: %+v, %v", w.Ticket, w.err)
	}
	enqueueAtLast(t, m, "history", "carol")
	tick(t, m, "history")
	if w := ends(t, forKept); w.err != nil || w.State != matchq.Matched {
		t.Errorf("the kept one: %+v, %v", w.Ticket, w.err)
	}
}

// deaf has reads of streams find nothing while it is set.
type deaf struct{ atomic.Bool }

func (d *deaf) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *deaf) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *deaf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if cmd.Name() == "xread" && d.Load() {
			runtime.Gosched() // it may be read again at once
			cmd.SetErr(redis.Nil)
			return redis.Nil
		}
		return err
	}
}

// Waits that missed events look everything up: ends of tickets are told as far as they are kept.
func TestWaitAfterAGap(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	hook := &deaf{}
	env.Client.AddHook(hook)
	m := newMatcher(t, env, matchq.Config{Retention: time.Minute, TTL: matchq.Never, Logger: slog.New(slog.DiscardHandler)})
	end := func(player string, ticket matchq.Ticket) {
		t.Helper()
		if err := m.Cancel(t.Context(), ticket.ID, player); err != nil {
			t.Fatal(err)
		}
	}
	forgotten, kept, live := enqueue(t, m, "q", "forgotten"), enqueue(t, m, "r", "kept"), enqueue(t, m, "s", "live")
	end("first", enqueue(t, m, "t", "first")) // the position of the reader
	forForgotten, forKept, forLive := wait(t, m, forgotten.ID), wait(t, m, kept.ID), wait(t, m, live.ID)
	hook.Store(true)
	end("forgotten", forgotten)
	env.Embedded.SetTime(now.Add(45 * time.Second))
	end("kept", kept)
	env.Embedded.SetTime(now.Add(75 * time.Second))
	if _, err := m.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := ends(t, forForgotten); w.err != nil && !errors.Is(w.err, matchq.ErrNotFound) || w.err == nil && w.State != matchq.Cancelled {
		t.Errorf("forgotten: %+v, %v", w.Ticket, w.err)
	}
	if w := ends(t, forKept); w.err != nil || w.State != matchq.Cancelled || w.Reason != "kept" {
		t.Errorf("kept: %+v, %v", w.Ticket, w.err)
	}
	hook.Store(false)
	end("live", live)
	if w := ends(t, forLive); w.err != nil || w.Reason != "live" {
		t.Errorf("live: %+v, %v", w.Ticket, w.err)
	}
}

var waitRounds = flag.Int("wait-rounds", 1, "how often TestWaitAgreesWithTicket kills and freezes Redis")

// Waits that begin, end and are given up at any moment return what Ticket says, whatever becomes of Redis meanwhile, as long
// as it keeps what it acknowledged.
func TestWaitAgreesWithTicket(t *testing.T) {
	server := matchqtest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	m, err := matchq.New(server.Client(t), matchq.Config{Logger: slog.New(slog.DiscardHandler), TTL: matchq.Never, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	for round := range *waitRounds {
		for _, fault := range []func(){
			func() { server.Kill(); server.Restart() },
			func() { server.Stop(); server.Continue() },
		} {
			waitThrough(t, m, fmt.Sprint("round", round), fault)
		}
	}
}

// waitThrough lets tickets wait and end around a fault.
func waitThrough(t *testing.T, m *matchq.Matcher, name string, fault func()) {
	t.Helper()
	var waits, ends sync.WaitGroup
	requests := make([]matchq.Request, 120)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprint(name, i%3), Player: fmt.Sprint(name, "-", i)}
		if i%3 == 2 {
			requests[i].TTL = time.Millisecond
		}
	}
	results, err := m.EnqueueAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range rand.Perm(len(results)) {
		id := results[i].Ticket.ID
		waits.Go(func() {
			if i%10 == 0 { // one that is given up first
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				_, _ = m.Wait(ctx, id)
			}
			ended, err := m.Wait(t.Context(), id)
			stored, failed := m.Ticket(t.Context(), id)
			for errors.Is(failed, matchq.ErrUnavailable) { // while Redis is away
				stored, failed = m.Ticket(t.Context(), id)
			}
			if err != nil || failed != nil || ended.State != stored.State || !ended.EndedAt.Equal(stored.EndedAt) || ended.Reason != stored.Reason {
				t.Errorf("%s: Wait returned %+v, %v; Ticket %+v, %v", id, ended, err, stored, failed)
			}
		})
	}
	ends.Go(func() {
		for i := range results {
			if i%3 == 1 {
				matchqtest.Eventually(t, "a ticket is cancelled", func() bool { return m.Cancel(t.Context(), results[i].Ticket.ID, "tired") == nil })
			}
		}
	})
	ends.Go(func() {
		for _, queue := range []string{name + "0", name + "2"} {
			matchqtest.Eventually(t, "a queue is ticked", func() bool {
				r, err := m.Tick(t.Context(), queue)
				return err == nil && r.Left == 0
			})
		}
	})
	fault()
	ends.Wait()
	waits.Wait()
}
