package matchq_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// BenchmarkEnqueueBesideReads enqueues while others read ended tickets with long attributes, 160 a second, as clients that
// poll do.
func BenchmarkEnqueueBesideReads(b *testing.B) {
	const readers, every = 16, 100 * time.Millisecond
	env := matchqtest.Real(b)
	m := newMatcher(b, env, matchq.Config{Retention: time.Hour})
	tickets := enqueueLong(b, m, "long", 100, func(int) int { return longAttributes })
	if r, err := m.Tick(b.Context(), "long"); err != nil || r.Matches != 50 {
		b.Fatalf("%+v, %v", r, err)
	}
	sizes := &replySizes{}
	env.Client.AddHook(sizes)
	if _, err := m.Ticket(b.Context(), tickets[0].ID); err != nil {
		b.Fatal(err)
	}
	reply := sizes.bytes.Load()
	ctx, stop := context.WithCancel(b.Context())
	var reading sync.WaitGroup
	for i := range readers {
		reading.Go(func() {
			for pace := time.NewTicker(every); ctx.Err() == nil; <-pace.C {
				_, _ = m.Ticket(ctx, tickets[i].ID)
			}
		})
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		enqueue(b, m, "short", fmt.Sprint("p", i))
		took = append(took, time.Since(began))
	}
	stop()
	reading.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(reply), "reply-bytes")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}
