package matchq_test

import (
	"fmt"
	"testing"

	"github.com/matchq/matchq/matchq"
)

// The cost of a ticket to Redis among 1,000,000 waiting ones, over the cost among 1,000: its enqueue, its tick, and
// both. The same two queues of 500 are emptied and filled again and again, alone in one namespace and beside 1,998
// others in another. A million tickets don't fit in the processor's caches, so plain commands get dearer too.
func BenchmarkMillionWaiting(b *testing.B) {
	const few, many, inQueue = 1_000, 1_000_000, 500
	l := newLab(b)
	for b.Loop() {
		l.empty()
		small := l.matcher(matchq.Config{Namespace: "small", TTL: matchq.Never})
		large := l.matcher(matchq.Config{Namespace: "large", TTL: matchq.Never})
		requests := crowd(many, many/inQueue)
		l.enqueueAll(large, requests)
		var again []matchq.Request
		for _, r := range requests {
			if r.Queue == queueName(0) || r.Queue == queueName(1) {
				again = append(again, r)
			}
		}
		l.enqueueAll(small, again)
		plain := map[string]*native{"small": {lab: l, rdb: l.rdb, prefix: "{few}:"}, "large": {lab: l, rdb: l.rdb, prefix: "{many}:"}}
		plain["small"].prepare(again)
		plain["small"].enqueue(again, l.limit())
		plain["large"].prepare(requests)
		plain["large"].enqueue(requests, l.limit())
		for round := range 30 {
			others := newcomers(few, few/inQueue, round)
			for _, size := range []string{"small", "large"} {
				plain[size].prepare(others)
				l.measure(size+" native", few, func() { plain[size].enqueue(others, l.limit()) })
			}
			for _, m := range []*matchq.Matcher{small, large} {
				size := m.Config().Namespace
				l.measure(size+" tick", few, func() { l.tickAll(m, few/inQueue, few) })
				l.measure(size+" enqueue", few, func() { l.enqueueAll(m, others) })
				l.measure(size+" ticket", few, func() {
					l.tickAll(m, few/inQueue, few)
					l.enqueueAll(m, newcomers(few, few/inQueue, -1-round))
				})
			}
		}
	}
	l.reportRatio("large native", "small native", "native-enqueue-ratio")
	for _, what := range []string{"enqueue", "tick", "ticket"} {
		l.report("small "+what, what+"-µs/ticket-of-1000")
		l.report("large "+what, what+"-µs/ticket-of-1000000")
		l.reportRatio("large "+what, "small "+what, what+"-ratio(goal≤1.2)")
	}
}

// newcomers returns a crowd of players that no other round has.
func newcomers(n, queues, round int) []matchq.Request {
	requests := crowd(n, queues)
	for i := range requests {
		requests[i].Player += fmt.Sprintf("-%d", round)
	}
	return requests
}

// Redis's memory for each waiting ticket.
func BenchmarkMemory(b *testing.B) {
	const tickets = 100_000
	l := newLab(b)
	for b.Loop() {
		l.empty()
		m := l.matcher(matchq.Config{})
		before := l.info("memory", "used_memory")
		l.enqueueAll(m, crowd(tickets, benchQueues))
		l.note("bytes", (l.info("memory", "used_memory")-before)/tickets)
	}
	l.report("bytes", "B/ticket(goal≤300)")
}
