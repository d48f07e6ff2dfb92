package feed

import (
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// expire has n tickets of a queue expire.
func (t *trouble) expire(at time.Time, queue string, n int) {
	for range n {
		t.observe(&matchq.Event{Kind: matchq.Expired, At: at, Ticket: &matchq.Ticket{Queue: queue}})
	}
}

// Expired tickets count for five minutes, the queue with the most first. Their counts take bounded memory.
func TestExpiredTicketsCountForMinutes(t *testing.T) {
	now := time.Date(2026, 11, 27, 8, 0, 30, 0, time.UTC)
	var seen trouble
	seen.expire(now.Add(-4*time.Minute), "old", 1)
	seen.expire(now, "few", 2)
	seen.expire(now, "many", 3)
	if got := fmt.Sprint(seen.expired(now)); got != "[{many 3} {few 2} {old 1}]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(seen.expired(now.Add(2 * time.Minute))); got != "[{many 3} {few 2}]" {
		t.Errorf("later: %s", got)
	}
	for i := range 2 * maxExpired {
		seen.expire(now.Add(time.Hour), fmt.Sprint("queue-", i), 1)
	}
	if n := len(seen.minutes); n != 1 {
		t.Errorf("%d minutes are kept", n)
	}
	if n := len(seen.minutes[now.Add(time.Hour).Unix()/60]); n != maxExpired {
		t.Errorf("%d queues are counted", n)
	}
	if n := len(seen.expired(now.Add(time.Hour))); n != shownExpired {
		t.Errorf("%d queues are told", n)
	}
}
