package matchq_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// modes are Matchers of many namespaces on one client, each with a Watch, a Consume and a ConsumeTogether.
type modes struct {
	all   []*matchq.Matcher
	rdb   *redis.Client
	told  []chan matchq.Event // of each, three times
	close func()
}

const toldTimes = 3

// watchMany starts n Matchers on a client with a pool of 20 connections. Each follows its own namespace in all ways.
func watchMany(t testing.TB, addr, namespace string, n int) *modes {
	t.Helper()
	s := &modes{rdb: redis.NewClient(&redis.Options{Addr: addr, PoolSize: 20, ContextTimeoutEnabled: true})}
	ctx, cancel := context.WithCancel(t.Context())
	var watches sync.WaitGroup
	for i := range n {
		m, err := matchq.New(s.rdb, matchq.Config{Namespace: fmt.Sprint(namespace, "-", i), Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan matchq.Event, 10*toldTimes)
		s.all, s.told = append(s.all, m), append(s.told, told)
		handle := func(_ context.Context, ev matchq.Event) error { told <- ev; return nil }
		watches.Go(func() {
			if err := m.Consume(ctx, matchq.ConsumeOptions{Group: "g", Kinds: []matchq.State{matchq.Cancelled}}, handle); err != nil {
				t.Error(err)
			}
		})
		watches.Go(func() {
			if err := m.ConsumeTogether(ctx, "together", "w", time.Minute, oneByOne(handle)); err != nil {
				t.Error(err)
			}
		})
		watches.Go(func() {
			for ev, err := range m.Watch(ctx, matchq.FromOldest) {
				if err != nil {
					t.Error(err)
					return
				}
				told <- ev
			}
		})
	}
	s.close = func() {
		cancel()
		watches.Wait()
		_ = s.rdb.Close()
	}
	t.Cleanup(func() { s.close() })
	return s
}

// cancelOne makes an event in a namespace, and returns how long its enqueue took.
func (s *modes) cancelOne(t testing.TB, i int) time.Duration {
	t.Helper()
	began := time.Now()
	ticket := enqueue(t, s.all[i], "history", "alice")
	took := time.Since(began)
	if err := s.all[i].Cancel(t.Context(), ticket.ID, ""); err != nil {
		t.Fatal(err)
	}
	return took
}

// blocked is how many connections wait in a read.
func blocked(t testing.TB, rdb *redis.Client) int {
	t.Helper()
	list, err := rdb.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, "flags=b ")
}

// All that follow events, of many namespaces, share a connection, and leave the rest of the client's pool to other calls.
func TestManyNamespacesShareAConnection(t *testing.T) {
	env := matchqtest.Real(t)
	operator := env.Server.Client(t)
	s := watchMany(t, env.Server.Addr, env.Namespace, 30)
	for range 3 {
		for i := range s.all {
			s.cancelOne(t, i)
		}
		for i := range s.all {
			for n := range toldTimes {
				select {
				case <-s.told[i]:
				case <-time.After(matchqtest.Patience):
					t.Fatalf("%d of %d events in namespace %d", n, toldTimes, i)
				}
			}
		}
	}
	matchqtest.Eventually(t, "one connection reads all streams", func() bool { return blocked(t, operator) == 1 })
	if stats := s.rdb.PoolStats(); stats.Timeouts > 0 {
		t.Errorf("%d calls found no connection", stats.Timeouts)
	}
}

// BenchmarkManyNamespaces tells how long Enqueue takes beside 30 Watches and 60 workers of groups on a pool of 20.
func BenchmarkManyNamespaces(b *testing.B) {
	env := matchqtest.Real(b)
	operator := env.Server.Client(b)
	s := watchMany(b, env.Server.Addr, env.Namespace, 30)
	matchqtest.Eventually(b, "streams are read", func() bool { return blocked(b, operator) > 0 })
	var took []time.Duration
	for b.Loop() {
		for i := range s.all {
			took = append(took, s.cancelOne(b, i))
		}
		for i := range s.all {
			for range toldTimes {
				<-s.told[i]
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
	b.ReportMetric(float64(blocked(b, operator)), "blocked")
}
