package matchq_test

import (
	"context"
	"testing"

	"github.com/matchq/matchq/matchq"
)

// Redis's work for a ticket when 1,000 callers enqueue at once, over that for four plain commands in long pipelines.
func BenchmarkEnqueueCoalesced(b *testing.B) {
	const tickets = 50_000
	l := newLab(b)
	requests := crowd(tickets, benchQueues)
	for b.Loop() {
		for range benchRounds {
			l.enqueueNative("native", requests)
			l.enqueueMatchq("matchq", requests)
		}
	}
	l.report("native", "native-µs/ticket")
	l.report("matchq", "matchq-µs/ticket")
	l.reportRatio("matchq", "native", "ratio(goal≤1.0)")
}

// Redis's work for a ticket that is enqueued alone, over that for a pipeline of the four plain commands.
//
// Enqueue calls Redis in a goroutine: it must return when its context ends, even if the driver does not. On a machine
// of two cores the threads that Go wakes for that disturb Redis: "native-in-goroutine" calls the same pipeline this
// way.
func BenchmarkEnqueueLone(b *testing.B) {
	const tickets = 5_000
	l := newLab(b)
	requests := crowd(tickets, benchQueues)
	for b.Loop() {
		for range benchRounds {
			l.empty()
			n := &native{lab: l, rdb: l.rdb, prefix: "{native}:"}
			n.prepare(requests)
			l.measure("native", tickets, func() { n.enqueue(requests, 1) })
			l.empty()
			l.measure("guarded", tickets, func() {
				ids := n.ids
				for i := range requests {
					n.ids = ids[i:]
					done := make(chan struct{})
					go func() { defer close(done); n.enqueue(requests[i:i+1], 1) }()
					<-done
				}
			})
			l.empty()
			m := l.matcher(matchq.Config{})
			l.measure("matchq", tickets, func() {
				for _, r := range requests {
					_, err := m.Enqueue(context.Background(), r)
					l.must(err)
				}
			})
		}
	}
	l.report("native", "native-µs/ticket")
	l.report("matchq", "matchq-µs/ticket")
	l.report("guarded", "native-in-goroutine-µs/ticket")
	l.reportRatio("matchq", "native", "ratio(goal≤2.0)")
	l.reportRatio("matchq", "guarded", "ratio-to-native-in-goroutine")
}

// enqueueNative measures plain commands, with as many tickets in a pipeline as matchq sends in a call.
func (l *lab) enqueueNative(figure string, requests []matchq.Request) *native {
	l.Helper()
	l.empty()
	n := &native{lab: l, rdb: l.rdb, prefix: "{native}:"}
	n.prepare(requests)
	l.measure(figure, len(requests), func() { n.enqueue(requests, l.limit()) })
	return n
}

// enqueueMatchq measures many callers of Enqueue.
func (l *lab) enqueueMatchq(figure string, requests []matchq.Request) *matchq.Matcher {
	l.Helper()
	l.empty()
	m := l.matcher(matchq.Config{})
	l.measure(figure, len(requests), func() { l.enqueueConcurrently(m, requests) })
	return m
}
