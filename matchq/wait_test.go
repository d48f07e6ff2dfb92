package matchq_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// waited is the result of a Wait.
type waited struct {
	matchq.Ticket

	err error
}

// wait starts a Wait, which is looked up already when it returns.
func wait(t testing.TB, m *matchq.Matcher, id string) <-chan waited {
	t.Helper()
	got := make(chan waited, 1)
	go func() {
		ticket, err := m.Wait(t.Context(), id)
		got <- waited{ticket, err}
	}()
	matchqtest.Eventually(t, "the Wait is looked up", func() bool { return m.Waits(id) || len(got) > 0 })
	return got
}

// ends is the result of a Wait, which must come soon.
func ends(t testing.TB, got <-chan waited) waited {
	t.Helper()
	select {
	case w := <-got:
		return w
	case <-time.After(matchqtest.Patience):
		t.Fatal("a Wait did not end within " + matchqtest.Patience.String())
		return waited{}
	}
}

func TestWaitReturnsEveryEnd(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour})
		alice, bob := enqueue(t, m, "history", "alice"), enqueue(t, m, "history", "bob")
		short, err := m.Enqueue(t.Context(), matchq.Request{Queue: "other", Player: "carol", TTL: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		forAlice, forBob, forCarol := wait(t, m, alice.ID), wait(t, m, bob.ID), wait(t, m, short.ID)
		tick(t, m, "history")
		proposed, err := m.Ticket(t.Context(), alice.ID)
		if err != nil || proposed.State != matchq.Proposed {
			t.Fatalf("%+v, %v", proposed, err)
		}
		for _, player := range []string{"alice", "bob"} {
			if len(forAlice) > 0 {
				t.Fatalf("a Wait ended before all accepted: %+v", <-forAlice)
			}
			if _, err := m.Accept(t.Context(), proposed.Match.ID, player); err != nil {
				t.Fatal(err)
			}
		}
		for got, want := range map[<-chan waited]string{forAlice: alice.ID, forBob: bob.ID} {
			w := ends(t, got)
			if w.err != nil || w.ID != want || w.State != matchq.Matched || w.Match == nil || w.Match.ID != proposed.Match.ID || w.EndedAt.IsZero() {
				t.Errorf("matched: %+v, %v", w.Ticket, w.err)
			}
			again, err := m.Wait(t.Context(), want)
			if err != nil || again.State != matchq.Matched || len(again.Match.Tickets) != 2 {
				t.Errorf("once more: %+v, %v", again, err)
			}
		}
		matchqtest.Eventually(t, "carol's ticket expires", func() bool { tick(t, m, "other"); return len(forCarol) > 0 })
		if w := ends(t, forCarol); w.err != nil || w.State != matchq.Expired {
			t.Errorf("expired: %+v, %v", w.Ticket, w.err)
		}
		dora := enqueue(t, m, "history", "dora")
		forDora, too := wait(t, m, dora.ID), wait(t, m, dora.ID)
		if err := m.Cancel(t.Context(), dora.ID, "tired"); err != nil {
			t.Fatal(err)
		}
		for _, got := range []<-chan waited{forDora, too} {
			if w := ends(t, got); w.err != nil || w.State != matchq.Cancelled || w.Reason != "tired" {
				t.Errorf("cancelled: %+v, %v", w.Ticket, w.err)
			}
		}
	})
}

func TestWaitErrors(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		for _, id := range []string{"", "unknown", "no id \x00"} {
			if ticket, err := m.Wait(t.Context(), id); !errors.Is(err, matchq.ErrNotFound) {
				t.Errorf("%q: %+v, %v", id, ticket, err)
			}
		}
		alice := enqueue(t, m, "history", "alice")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if _, err := m.Wait(ctx, alice.ID); err != context.DeadlineExceeded { //nolint:errorlint // the context's own
			t.Errorf("after the deadline: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := m.Wait(ctx, alice.ID); err != context.Canceled { //nolint:errorlint // likewise
			t.Errorf("cancelled: %v", err)
		}
	})
}

// callsOf is how often Redis was called with a command.
func callsOf(t testing.TB, rdb redis.UniversalClient, command string) int {
	t.Helper()
	for line := range strings.Lines(rdb.Info(t.Context(), "commandstats").Val()) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_"+command+":calls="); ok {
			number, _, _ := strings.Cut(rest, ",")
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

var manyWaits = flag.Int("waits", 2000, "how many Waits share a reader in TestManyWaitsShareAReader")

// Many Waits cost Redis one reader, and a call for each 256 of them.
func TestManyWaitsShareAReader(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{TTL: matchq.Never})
	n := *manyWaits
	requests := make([]matchq.Request, n)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprint("q", i%10), Player: fmt.Sprint("p", i)}
	}
	results, err := m.EnqueueAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	reads, scripts, began := callsOf(t, env.Client, "xread"), callsOf(t, env.Client, "evalsha"), time.Now()
	var waits sync.WaitGroup
	var matched atomic.Int64
	for i := range results {
		waits.Go(func() {
			ticket, err := m.Wait(t.Context(), results[i].Ticket.ID)
			if err != nil || ticket.State != matchq.Matched || ticket.ID != results[i].Ticket.ID {
				t.Errorf("%+v, %v", ticket, err)
			}
			matched.Add(1)
		})
	}
	matchqtest.Eventually(t, "all Waits are looked up", func() bool {
		return !slices.ContainsFunc(results, func(r matchq.Result) bool { return !m.Waits(r.Ticket.ID) })
	})
	looked := time.Since(began)
	reads, scripts = callsOf(t, env.Client, "xread")-reads, callsOf(t, env.Client, "evalsha")-scripts
	if most := 3 + int(looked/time.Second); reads > most {
		t.Errorf("%d reads of events, at most %d", reads, most)
	}
	// Each lookup takes all Waits that have come; one at a time comes as soon as the one before has its answer.
	if most := n/10 + 20 + 5*int(looked/time.Second); scripts > most {
		t.Errorf("%d scripts for %d Waits, at most %d", scripts, n, most)
	}
	began = time.Now()
	for i := range 10 {
		tick(t, m, fmt.Sprint("q", i))
	}
	waits.Wait()
	t.Logf("%d Waits: %d reads and %d scripts in %v until all waited; told %v after the tick", n, reads, scripts, looked, time.Since(began))
	if got := matched.Load(); got != int64(n) {
		t.Errorf("%d of %d Waits ended", got, n)
	}
}

// The reader ends with the last Wait.
func TestWaitLeavesNothing(t *testing.T) {
	env := matchqtest.Embedded(t)
	before := goleak.IgnoreCurrent()
	client := redis.NewClient(&redis.Options{Addr: env.Embedded.Addr(), ContextTimeoutEnabled: true})
	m, err := matchq.New(client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	got := wait(t, m, enqueue(t, m, "history", "alice").ID)
	ctx, cancel := context.WithCancel(t.Context())
	bob := enqueue(t, m, "history", "bob")
	gone := make(chan error)
	go func() {
		_, err := m.Wait(ctx, bob.ID)
		gone <- err
	}()
	cancel()
	<-gone
	tick(t, m, "history")
	if w := ends(t, got); w.err != nil || w.State != matchq.Matched {
		t.Errorf("%+v, %v", w.Ticket, w.err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "goroutines end", func() bool { return goleak.Find(before) == nil })
}
