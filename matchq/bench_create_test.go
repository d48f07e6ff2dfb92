package matchq_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// Tickets created in a second by 64 and by 1,000 callers, over those of as many callers that send the four plain commands
// of a ticket, each in a pipeline of its own; and how busy two processors are meanwhile.
func BenchmarkCreate(b *testing.B) {
	const tickets = 50_000
	requests := crowd(tickets, benchQueues)
	for _, callers := range []int{64, 1000} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			l := newLab(b)
			for b.Loop() {
				for range benchRounds {
					l.empty()
					n := &native{lab: l, rdb: l.pool(callers), prefix: "{native}:"}
					n.prepare(requests)
					l.pace("native", tickets, func() { l.concurrently(callers, len(requests), n.enqueueOne(requests)) })
					l.empty()
					m := l.matcher(matchq.Config{})
					l.pace("matchq", tickets, func() { l.concurrently(callers, len(requests), enqueueOne(m, requests)) })
				}
			}
			l.report("native", "native/s")
			l.report("matchq", "matchq/s")
			l.reportRatio("matchq", "native", "ratio")
			l.report("matchq busy", "busy-%-of-two-processors")
		})
	}
}

// pool is a client with as many connections as callers need.
func (l *lab) pool(callers int) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: l.rdb.Options().Addr, PoolSize: min(callers, 64), PoolTimeout: time.Minute})
	l.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// pace records how many of n items were done in a second, and the share of two processors that it took.
func (l *lab) pace(figure string, n int, work func()) {
	l.Helper()
	began, redisBefore, mine := time.Now(), l.cpu(), l.own()
	work()
	took := time.Since(began)
	l.note(figure, float64(n)/took.Seconds())
	l.note(figure+" busy", 100*(l.cpu()-redisBefore+l.own()-mine)/float64(2*took.Microseconds()))
}

// own is the processor time of this process, in microseconds.
func (l *lab) own() float64 {
	var usage syscall.Rusage
	l.must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return 1e6*float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)
}

// concurrently lets some callers share n items.
func (l *lab) concurrently(callers, n int, do func(i int) error) {
	l.Helper()
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		l.Fatal(*err)
	}
}

func enqueueOne(m *matchq.Matcher, requests []matchq.Request) func(int) error {
	return func(i int) error {
		_, err := m.Enqueue(context.Background(), requests[i])
		return err
	}
}

func (n *native) enqueueOne(requests []matchq.Request) func(int) error {
	return func(i int) error {
		_, err := n.pipeline(requests[i:i+1], n.ids[i:i+1]).Exec(context.Background())
		return err
	}
}
