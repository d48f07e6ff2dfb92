package matchq_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// The share of a core that Redis uses for 10,000 queues with one unmatchable player each, on two nodes.
func BenchmarkIdle(b *testing.B) {
	const queues, watched = 10_000, 10 * time.Second
	l := newLab(b)
	for b.Loop() {
		l.empty()
		l.note("empty", l.share(watched))
		cfg := matchq.Config{TTL: matchq.Never}
		l.enqueueAll(l.matcher(cfg), crowd(queues, queues))
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for range 2 {
			m := l.matcher(cfg)
			wg.Go(func() {
				if err := m.Run(ctx); err != nil {
					l.Error(err)
				}
			})
		}
		soon := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
		matchqtest.Eventually(l, "each queue was visited and none is due any more", func() bool {
			return l.rdb.ZCount(ctx, "{matchq}:due", "-inf", soon).Val() == 0
		})
		l.note("queues", l.share(watched))
		cancel()
		wg.Wait()
	}
	l.report("queues", "redis-%(goal≤0.5)")
	l.report("empty", "redis-%-without")
}

// share returns the share of a core that Redis's main thread uses for a while, in percent.
func (l *lab) share(of time.Duration) float64 {
	before := l.cpu()
	time.Sleep(of)
	return 100 * (l.cpu() - before) / float64(of.Microseconds())
}
