package matchq_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Players enqueued and matched in a second: one process enqueues, runs the ticks and watches until all players are
// matched.
func BenchmarkEndToEnd(b *testing.B) {
	ways := map[string]func(*lab, *matchq.Matcher, []matchq.Request){
		"Enqueue":    (*lab).enqueueConcurrently,
		"EnqueueAll": (*lab).enqueueAll,
	}
	for _, way := range []string{"Enqueue", "EnqueueAll"} {
		b.Run(way, func(b *testing.B) {
			const tickets = 50_000
			l := newLab(b)
			requests := crowd(tickets, benchQueues)
			for b.Loop() {
				for range benchRounds {
					l.empty()
					m := l.matcher(matchq.Config{Interval: 100 * time.Millisecond})
					began, busy := time.Now(), l.cpu()
					l.endToEnd(m, tickets, func() { ways[way](l, m, requests) })
					took := time.Since(began)
					l.note("players", tickets/took.Seconds())
					l.note("redis", 100*(l.cpu()-busy)/float64(took.Microseconds()))
				}
			}
			l.report("players", "players/s(goal≥50000)")
			l.report("redis", "redis-%")
		})
	}
}

// endToEnd queues players while Run ticks, and returns when Watch has reported all of them.
func (l *lab) endToEnd(m *matchq.Matcher, tickets int, enqueue func()) {
	l.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if err := m.Run(ctx); err != nil {
			l.Error(err)
		}
	})
	wg.Go(func() {
		defer cancel()
		seen := 0
		for event, err := range m.Watch(ctx, matchq.FromOldest) {
			if err != nil {
				l.Error(err)
				return
			}
			if seen += len(event.Tickets()); seen == tickets {
				return
			}
		}
		l.Errorf("only %d of %d tickets were matched", seen, tickets)
	})
	enqueue()
}

// Players matched in a second when all of them wait already.
func BenchmarkTicksAlone(b *testing.B) {
	const tickets = 50_000
	l := newLab(b)
	requests := crowd(tickets, benchQueues)
	for b.Loop() {
		for range benchRounds {
			l.empty()
			m := l.matcher(matchq.Config{})
			l.enqueueAll(m, requests)
			began := time.Now()
			l.tickAll(m, benchQueues, tickets)
			l.note("players", tickets/time.Since(began).Seconds())
		}
	}
	l.report("players", "players/s(goal≥120000)")
}
