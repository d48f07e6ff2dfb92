package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// calls counts the commands of a client.
type calls struct{ atomic.Int64 }

func (c *calls) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *calls) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *calls) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.Add(1)
		return next(ctx, cmd)
	}
}

// desk is a running feed, with its dependencies.
type desk struct {
	*Feed

	m     *matchq.Matcher
	asked *calls
	stop  func() // and wait for the end
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	env := matchqtest.Embedded(t)
	asked := &calls{}
	env.Client.AddHook(asked)
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{
		Matcher: m, Presence: p, Rooms: rooms.New(p), History: history.New(m), Queues: queuecache.New(m), Redis: &redisconn.Conn{UniversalClient: env.Client},
		Log: slog.New(slog.DiscardHandler), Refusal: func() *wire.Error { return nil },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); f.Run(ctx) }()
	stop := func() { cancel(); <-ended }
	t.Cleanup(stop)
	return &desk{f, m, asked, stop}
}

func watch(t *testing.T, f *desk) (first string, news <-chan []byte, leave func()) {
	t.Helper()
	data, news, leave, err := f.Watch(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), news, leave
}

// Watchers get the changes; without watchers the feed reads nothing.
func TestFeedRestsWhileNobodyWatches(t *testing.T) {
	f := newDesk(t)
	m, asked := f.m, f.asked
	if n := asked.Load(); n != 0 {
		t.Errorf("Redis got %d commands without watchers", n)
	}
	first, news, leave := watch(t, f)
	if !strings.HasPrefix(first, "event: snapshot\ndata: {") || !strings.HasSuffix(first, "}\n\n") {
		t.Errorf("first comes %q", first)
	}
	if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"}); err != nil {
		t.Fatal(err)
	}
	until(t, news, `"name":"history"`)
	_, _, leaveToo := watch(t, f)
	leave()
	leaveToo()
	leave() // a repeat
	matchqtest.Eventually(t, "it rests", func() bool {
		before := asked.Load()
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now == nil && asked.Load() == before
	})
	if again, _, _ := watch(t, f); !strings.Contains(again, `"waiting":1`) {
		t.Errorf("the returning watcher gets %s", again)
	}
}

// The public gets the number of nodes, operators get each node.
func TestFeedKeepsNodesForOperators(t *testing.T) {
	f := newDesk(t)
	first, public, _, err := f.Watch(t.Context(), false)
	if err != nil || !strings.Contains(string(first), `"nodes":null`) {
		t.Errorf("the public is told %s, %v", first, err)
	}
	firstOfOperators, news, _ := watch(t, f)
	if !strings.Contains(firstOfOperators, `"nodes":[]`) {
		t.Errorf("operators are told %s", firstOfOperators)
	}
	f.mu.Lock()
	next := *f.now
	f.mu.Unlock()
	next.Nodes = []node{{ID: "node-1"}}
	next.Totals.Games = 17
	f.publish(&next)
	until(t, news, "node-1")
	if got := until(t, public, `"games":17`); strings.Contains(got, "node-1") {
		t.Errorf("the public is told %s", got)
	}
}

// until returns the changes up to one that has a text. The feed publishes beside the test.
func until(t *testing.T, news <-chan []byte, text string) (changes string) {
	t.Helper()
	for late := time.After(matchqtest.Patience); !strings.Contains(changes, text); {
		select {
		case change, ok := <-news:
			if !ok {
				t.Fatalf("the watcher was sent away after %s", changes)
			}
			changes += string(change)
		case <-late:
			t.Fatalf("%s is not in %s", text, changes)
		}
	}
	return changes
}

// A snapshot may be long: watchers that start with the same one share it.
func TestFeedWritesASnapshotOnce(t *testing.T) {
	f := newDesk(t)
	watch(t, f)
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, b := f.snapshot(true), f.snapshot(true); &a[0] != &b[0] {
		t.Error("it is encoded for each")
	}
}

// A watcher that does not read is dropped, and does not block the others.
func TestFeedSendsSlowWatchersAway(t *testing.T) {
	f := newDesk(t)
	_, slow, _ := watch(t, f)
	_, quick, _ := watch(t, f)
	got := 0
	for i := range maxPending + 1 { // as if this many seconds had passed
		f.mu.Lock()
		next := *f.now
		f.mu.Unlock()
		next.Totals.Games = int64(i + 1)
		f.publish(&next)
		for len(quick) > 0 {
			<-quick
			got++
		}
	}
	if got < maxPending+1 {
		t.Errorf("the reading watcher got %d changes", got)
	}
	n := 0
	for range slow { // ends, since it was closed
		n++
	}
	if n != maxPending {
		t.Errorf("the blocked watcher got %d changes", n)
	}
}

func TestFeedStops(t *testing.T) {
	f := newDesk(t)
	_, news, _ := watch(t, f)
	f.stop()
	for range news { // ends
	}
	if _, _, _, err := f.Watch(t.Context(), true); !errors.Is(err, ErrStopped) {
		t.Errorf("afterwards: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	idle := New(Options{Log: slog.New(slog.DiscardHandler)}) // never run
	if _, _, _, err := idle.Watch(ctx, true); !errors.Is(err, context.DeadlineExceeded) || len(idle.watchers) != 0 {
		t.Errorf("after all have left: %v, %s", err, fmt.Sprint(idle.watchers))
	}
}
