package matchq_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
)

// The memory of Redis for each ticket that waits, by the size of its attributes: so much a stranger can fill.
func BenchmarkAttributesMemory(b *testing.B) {
	const tickets = 10_000
	sizes := []int{64, 512, matchq.MaxAttributes}
	l := newLab(b)
	for b.Loop() {
		for _, size := range sizes {
			l.empty()
			m := l.matcher(matchq.Config{})
			requests := crowd(tickets, benchQueues)
			for i := range requests {
				requests[i].Attributes = fmt.Appendf(nil, `"%s"`, strings.Repeat("x", size-2))
			}
			before := l.info("memory", "used_memory")
			l.enqueueAll(m, requests)
			l.note(fmt.Sprint(size), (l.info("memory", "used_memory")-before)/tickets)
		}
	}
	for _, size := range sizes {
		l.report(fmt.Sprint(size), fmt.Sprintf("B/ticket-of-%d-B", size))
	}
}
