package queuecache

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	countEvery = time.Second     // between two counts of the queues
	recentFor  = 5 * time.Second // longer than an enqueue takes: an admitted queue is recent until it is counted
)

// Admission bounds the queues that live at once. A node never brings them above Max. Another node sees its new queues
// within a second, so each other node may exceed Max by the room that it saw.
type Admission struct {
	Cache *Cache
	Max   int

	counting singleflight.Group
	mu       sync.Mutex
	live     int             // as last counted
	until    time.Time       // end of the count's age
	recent   map[string]bool // admitted since rotated
	older    map[string]bool // admitted in the interval before
	rotated  time.Time
}

// Admit returns an error if a queue does not live yet and too many others do: a *wire.Error. Far below Max it asks Redis
// once a second. If Redis does not answer it admits, since the enqueue fails too.
func (a *Admission) Admit(ctx context.Context, queue string) error {
	if matchq.CheckName("queue", queue) != nil {
		return nil //nolint:nilerr // the library refuses it
	}
	if live, ok := a.count(ctx); !ok || a.admit(queue, live, nil) {
		return nil
	}
	now, err := a.Cache.Now(ctx)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	names := Derive(now, namesKey{}, namesOf)
	if names[queue] || a.admit(queue, len(names), names) {
		return nil
	}
	return wire.Errorf(wire.CodeTooManyQueues, "%d queues live, and no more may: use one of them, or raise --max-queues", a.Max)
}

type namesKey struct{}

func namesOf(queues []matchq.Queue) map[string]bool {
	names := make(map[string]bool, len(queues))
	for i := range queues {
		names[queues[i].Name] = true
	}
	return names
}

// admit notes a queue if there is room beside the live ones and those that were admitted since. It counts a recent queue
// that lives already twice unless the live ones are named.
func (a *Admission) admit(queue string, live int, named map[string]bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); now.Sub(a.rotated) >= recentFor {
		a.older, a.recent, a.rotated = a.recent, map[string]bool{}, now
	}
	if a.recent[queue] {
		return true
	}
	for _, names := range []map[string]bool{a.recent, a.older} {
		if named == nil {
			live += len(names)
			continue
		}
		for name := range names {
			if !named[name] {
				live++
			}
		}
	}
	if live >= a.Max && !a.older[queue] {
		return false
	}
	a.recent[queue] = true
	return true
}

// count returns the number of live queues, at most a second old.
func (a *Admission) count(ctx context.Context) (live int, ok bool) {
	a.mu.Lock()
	live, ok = a.live, time.Now().Before(a.until)
	a.mu.Unlock()
	if ok {
		return live, true
	}
	counted, err, _ := a.counting.Do("", func() (any, error) {
		stats, err := a.Cache.matcher.Stats(ctx)
		if err != nil {
			return 0, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.live, a.until = int(stats.Queues), time.Now().Add(countEvery)
		return a.live, nil
	})
	live, _ = counted.(int)
	return live, err == nil
}
