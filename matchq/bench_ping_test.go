package matchq_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// The wait of other clients for Redis while one process ticks 100,000 tickets, and without it.
func BenchmarkPingBesideTicks(b *testing.B) {
	const tickets = 100_000
	l := newLab(b)
	requests := crowd(tickets, benchQueues)
	for b.Loop() {
		for range 3 {
			l.empty()
			m := l.matcher(matchq.Config{})
			l.enqueueAll(m, requests)
			began := time.Now()
			l.pingDuring("ticks", func() { l.tickAll(m, benchQueues, tickets) })
			took := time.Since(began)
			l.pingDuring("quiet", func() { time.Sleep(took) })
		}
	}
	pings := l.figures["ticks"]
	l.ReportMetric(quantile(pings, 1), "max-ms(goal≤5)")
	l.ReportMetric(quantile(pings, 0.99), "p99-ms(goal≤2)")
	l.ReportMetric(quantile(l.figures["quiet"], 1), "quiet-max-ms")
	l.ReportMetric(quantile(l.figures["quiet"], 0.99), "quiet-p99-ms")
	l.report("ticks", "median-ms")
	l.report("quiet", "quiet-median-ms")
	l.ReportMetric(float64(len(pings)), "pings")
}

// pingDuring records the milliseconds of each of many pings during other work.
func (l *lab) pingDuring(figure string, work func()) {
	l.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			if err := l.rdb.Ping(context.Background()).Err(); err != nil {
				l.Error(err)
				return
			}
			l.note(figure, float64(time.Since(began).Microseconds())/1000)
			time.Sleep(500 * time.Microsecond) // an idle client: it pings now and then
		}
	})
	work()
	cancel()
	wg.Wait()
}
