package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// logged is a log that tests read.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(words ...string) (lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.text.String()) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue next
			}
		}
		lines++
	}
	return lines
}

// worker runs everything that waits for Redis.
type worker struct {
	log  logged
	m    *matchq.Matcher
	seen chan string // ids of tickets that a Watch or a Consume saw matched, each once
	errs chan error  // that Watch yields
	stop func()      // and wait for the end

	memory *memory // keeps events until they are seen
}

func startWorker(t *testing.T, env *matchqtest.Env) *worker {
	t.Helper()
	w := &worker{seen: make(chan string, 1000), errs: make(chan error, 1000), memory: newMemory(env.Client)}
	w.m = newMatcher(t, env, matchq.Config{
		Interval: 20 * time.Millisecond, Retention: time.Second, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	run := func(what string, do func() error) {
		all.Go(func() {
			if err := do(); err != nil {
				t.Errorf("%s has ended: %v", what, err)
			}
		})
	}
	tell := func(who string, ev matchq.Event) {
		if ev.Kind == matchq.Matched {
			for _, ticket := range ev.Tickets() {
				w.seen <- who + " " + ticket.ID
			}
		}
	}
	run("Run", func() error { return w.m.Run(ctx) })
	run("Watch", func() error {
		for ev, err := range w.m.Watch(ctx, matchq.FromOldest) {
			if err != nil && !errors.Is(err, matchq.ErrRefused) && !errors.Is(err, matchq.ErrUnavailable) {
				return err
			}
			if err != nil {
				w.errs <- err
				continue
			}
			tell("watch", ev)
		}
		if ctx.Err() == nil {
			return errors.New("without an error")
		}
		return nil
	})
	run("Consume", func() error {
		return w.m.Consume(ctx, matchq.ConsumeOptions{Group: "group"}, func(_ context.Context, ev matchq.Event) error { tell("consume", ev); return nil })
	})
	w.stop = func() { cancel(); all.Wait() }
	t.Cleanup(w.stop)
	return w
}

// pair queues two players, and waits until a Watch and a Consume have seen their match.
func (w *worker) pair(t *testing.T, name string) {
	t.Helper()
	want := map[string]bool{}
	for _, player := range []string{name + " 1", name + " 2"} {
		id := enqueueAtLast(t, w.m, "history", player).ID
		want["watch "+id], want["consume "+id] = true, true
	}
	late := time.After(matchqtest.Patience)
	for len(want) > 0 {
		select {
		case seen := <-w.seen:
			delete(want, seen)
		case <-late:
			t.Fatalf("not seen: %v", want)
		}
	}
}

// TestGuarantee10RefusalsAreToldAndPass has Redis refuse in each way, and sees that everything waits and recovers.
func TestGuarantee10RefusalsAreToldAndPass(t *testing.T) {
	t.Parallel()
	for name, how := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, operator := operator(t, how.cluster)
			w := startWorker(t, env)
			w.pair(t, "before")
			how.begin(t, operator)
			w.memory.keeps.Store(false)
			var err error
			var unknown *matchq.UnknownError
			// Redis closes connections that waited for events when it becomes a replica. A call on one of these has no answer.
			matchqtest.Eventually(t, "an enqueue is refused", func() bool {
				_, err = w.m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "refused"})
				return errors.Is(err, matchq.ErrRefused) && errors.As(err, &unknown) == how.unknown
			})
			var refused *matchq.RefusedError
			if !errors.As(err, &refused) || refused.Code != how.code || refused.Unknown != how.unknown {
				t.Errorf("enqueue: %v", err)
			}
			if !how.unknown && errors.Is(err, matchq.ErrUnavailable) {
				t.Errorf("it is taken for an outage: %v", err)
			}
			if how.code != "NOPERM" || !how.unknown {
				if err := w.m.Check(t.Context()); !errors.Is(err, matchq.ErrRefused) {
					t.Errorf("check: %v", err)
				}
			}
			if how.code != "OOM" { // in which ticks go on
				matchqtest.Eventually(t, "it is logged", func() bool { return w.log.count("ticks", how.code) > 0 })
			}
			how.end(t, operator)
			w.memory.keeps.Store(true)
			w.pair(t, "after")
			if lines := w.log.count("ticks", "level=WARN", how.code); how.code != "OOM" && lines != 1 {
				t.Errorf("%d lines say that it began:\n%s", lines, w.log.text.String())
			}
			if how.code != "OOM" {
				matchqtest.Eventually(t, "the end is logged", func() bool { return w.log.count("ticking again") == 1 })
			}
			if how.unknown {
				return // Redis kept the half of a script
			}
			w.stop() // it adds up while nobody ticks
			checkAudit(t, newMatcher(t, env, w.m.Config()))
		})
	}
}

// TestGuarantee5RefusedAfterALostReply: the first attempt was made, and the second is refused.
func TestGuarantee5RefusedAfterALostReply(t *testing.T) {
	for _, lost := range []int{0, 1} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			s := spoil(t, patient)
			through := *s.env
			client := s.proxy.Client(t)
			through.Client = client
			m := newMatcher(t, &through, patient)
			client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/enqueue")), number: 1 + lost, do: func() {
				must(t, s.env.Client, "ACL", "SETUSER", "default", "-evalsha")
			}})
			before := position(t, s.calm)
			if lost > 0 {
				s.proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), lost)
			}
			_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
			must(t, s.env.Client, "ACL", "SETUSER", "default", "+@all")
			var unknown *matchq.UnknownError
			if !errors.Is(err, matchq.ErrRefused) || errors.As(err, &unknown) != (lost > 0) {
				t.Fatalf("enqueue: %v", err)
			}
			if lost > 0 {
				if got := take(t, s.calm, before, 1)[0].Ticket; got.ID != unknown.TicketID || got.Reason != matchq.ReasonVoid {
					t.Errorf("ended: %+v", got)
				}
			}
			checkWaiting(t, s.calm, "history", 0)
			checkAudit(t, s.calm)
		})
	}
}

// TestForgettingGoesOnWhenTicksFail for lack of a right that ticks need.
func TestForgettingGoesOnWhenTicksFail(t *testing.T) {
	t.Parallel()
	env, operator := operator(t, false)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second, Interval: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	for i := range 100 {
		made := enqueue(t, m, "history", fmt.Sprint(i))
		if err := m.Cancel(t.Context(), made.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	enqueue(t, m, "history", "alice")
	enqueue(t, m, "history", "bob")
	must(t, operator, "ACL", "SETUSER", "default", "-zmscore")
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	matchqtest.Eventually(t, "the cancelled are forgotten", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Forgotten == 100 && stats.Waiting == 2
	})
}
