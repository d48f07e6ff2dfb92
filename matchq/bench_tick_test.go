package matchq_test

import "testing"

const playersPerMatch = 2

// Redis's work for a match of two with FIFO and the default limit, over that for plain variadic commands.
func BenchmarkTick(b *testing.B) {
	l := newLab(b)
	l.enqueueAndTick()
	l.report("native tick", "native-µs/match")
	l.report("matchq tick", "matchq-µs/match")
	l.reportRatio("matchq tick", "native tick", "ratio(goal≤1.6)")
}

// Redis's work for a player from enqueue to match, over that for the plain commands.
func BenchmarkEnqueueAndTick(b *testing.B) {
	l := newLab(b)
	l.enqueueAndTick()
	for _, side := range []string{"native", "matchq"} {
		for round, enqueue := range l.figures[side+" enqueue"] {
			l.note(side, enqueue+l.figures[side+" tick"][round]/playersPerMatch)
		}
		l.report(side, side+"-µs/player")
	}
	l.reportRatio("matchq", "native", "ratio(goal≤1.25)")
}

// enqueueAndTick queues and matches 50,000 players with both, in turns.
func (l *lab) enqueueAndTick() {
	l.Helper()
	const tickets, matches = 50_000, 50_000 / playersPerMatch
	requests := crowd(tickets, benchQueues)
	for l.Loop() {
		for range benchRounds {
			n := l.enqueueNative("native enqueue", requests)
			l.measure("native tick", matches, func() { n.tick(benchQueues, l.limit()) })
			m := l.enqueueMatchq("matchq enqueue", requests)
			l.measure("matchq tick", matches, func() { l.tickAll(m, benchQueues, tickets) })
		}
	}
}
