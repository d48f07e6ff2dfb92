package feed

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
)

const (
	expiredMinutes = 5    // that count as lately
	maxExpired     = 1000 // queues of a minute that are counted
	shownExpired   = 20   // queues of a snapshot
)

// trouble has the failures that this node saw, with an open dashboard or without.
type trouble struct {
	mu      sync.Mutex
	minutes map[int64]map[string]int // by the minute since 1970 of Redis's clock: queue → tickets that expired
	lost    time.Time                // by this node's clock; zero for never
}

// Observe counts the tickets that expired. Call it with each event of the namespace.
func (f *Feed) Observe(ev *matchq.Event) {
	if ev.Kind == matchq.Expired {
		f.trouble.observe(ev)
	}
}

// Lost notes that Redis was replaced or emptied.
func (f *Feed) Lost() {
	f.trouble.mu.Lock()
	defer f.trouble.mu.Unlock()
	f.trouble.lost = time.Now()
}

// lastLoss is when Redis was last replaced or emptied, by this node's clock; zero for never.
func (t *trouble) lastLoss() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lost
}

func (t *trouble) observe(ev *matchq.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	minute := ev.At.Unix() / 60
	if t.minutes[minute] == nil {
		if t.minutes == nil {
			t.minutes = map[int64]map[string]int{}
		}
		maps.DeleteFunc(t.minutes, func(m int64, _ map[string]int) bool { return m <= minute-expiredMinutes })
		t.minutes[minute] = map[string]int{}
	}
	counts := t.minutes[minute]
	for _, ticket := range ev.Tickets() {
		if _, known := counts[ticket.Queue]; known || len(counts) < maxExpired {
			counts[ticket.Queue]++
		}
	}
}

// expired are the queues of which tickets expired lately, the most first. now is Redis's time.
func (t *trouble) expired(now time.Time) []expired {
	t.mu.Lock()
	defer t.mu.Unlock()
	sums := map[string]int{}
	for minute, counts := range t.minutes {
		if age := now.Unix()/60 - minute; age < 0 || age >= expiredMinutes {
			continue
		}
		for queue, n := range counts {
			sums[queue] += n
		}
	}
	found := make([]expired, 0, len(sums))
	for queue, n := range sums {
		found = append(found, expired{queue, n})
	}
	slices.SortFunc(found, func(a, b expired) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Queue, b.Queue)) })
	return found[:min(len(found), shownExpired)]
}
