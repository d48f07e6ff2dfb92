package metrics

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
)

const (
	// otherLabel is the label of all queues that have none of their own. A queue of that name is one of them.
	otherLabel = "other"

	maxLabels      = 100         // have a label of their own
	maxRecent      = 4096        // names among which the busiest of the rest are found
	reviewPeriod   = time.Minute // between looks at who is busiest
	takeoverFactor = 2           // how many times busier a queue must be than the one whose label it takes
)

// tally counts what happened in a queue.
type tally struct {
	enqueued, matches int64
	finished          [3]int64 // by outcomes
}

// outcomes are the ends that tickets come to.
var outcomes = [3]matchq.State{matchq.Matched, matchq.Cancelled, matchq.Expired}

// queues counts by queue. The busiest have a tally of their own, which counts from when they were let in; the rest share
// one. Tallies only grow. That of a queue that must go vanishes with its label: added to the rest it would look as if all
// that had happened again.
type queues struct {
	mu       sync.Mutex
	own      map[string]*line
	rest     tally
	recent   sketch // of the rest
	reviewed time.Time
}

// line is a queue with a label of its own.
type line struct {
	tally
	recent int // what happened lately
}

func newQueues() *queues { return &queues{own: map[string]*line{}, recent: sketch{}} }

// count changes the tally of a queue.
func (q *queues) count(queue string, change func(*tally)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.own) < maxLabels && q.own[queue] == nil {
		q.admit(queue)
	}
	if l := q.own[queue]; l != nil {
		l.recent++
		change(&l.tally)
		return
	}
	if queue != otherLabel {
		q.recent.add(queue)
	}
	change(&q.rest)
}

func (q *queues) admit(queue string) {
	if queue != otherLabel {
		q.own[queue] = &line{recent: q.recent[queue]}
		delete(q.recent, queue)
	}
}

// candidate is a queue and how busy it is.
type candidate struct {
	name string
	busy int
}

// review gives labels to the queues in which most waits and happens. waiting are those in which somebody does. While
// there are labels left it gives those away at once; taking one from a queue for another is done now and then.
func (q *queues) review(waiting map[string]int, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	due := now.Sub(q.reviewed) >= reviewPeriod
	if len(q.own) == maxLabels && !due {
		return
	}
	outside := q.outside(waiting)
	for len(q.own) < maxLabels && len(outside) > 0 {
		q.admit(outside[0].name)
		outside = outside[1:]
	}
	if !due {
		return
	}
	inside := q.inside(waiting)
	for i := range min(len(inside), len(outside)) {
		if outside[i].busy <= takeoverFactor*inside[i].busy {
			break
		}
		delete(q.own, inside[i].name)
		q.admit(outside[i].name)
	}
	for _, l := range q.own {
		l.recent /= 2
	}
	q.recent.decay()
	q.reviewed = now
}

// outside are the queues without a label, busiest first.
func (q *queues) outside(waiting map[string]int) []candidate {
	busy := maps.Clone(map[string]int(q.recent))
	for name, n := range waiting {
		if q.own[name] == nil && name != otherLabel {
			busy[name] += n
		}
	}
	return ranked(busy, -1)
}

// inside are the queues with a label, least busy first.
func (q *queues) inside(waiting map[string]int) []candidate {
	busy := make(map[string]int, len(q.own))
	for name, l := range q.own {
		busy[name] = l.recent + waiting[name]
	}
	return ranked(busy, 1)
}

// ranked sorts queues by how busy they are; order is 1 or -1. Nodes that see the same decide the same.
func ranked(busy map[string]int, order int) []candidate {
	all := make([]candidate, 0, len(busy))
	for name, n := range busy {
		all = append(all, candidate{name, n})
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(order*cmp.Compare(a.busy, b.busy), cmp.Compare(a.name, b.name))
	})
	return all
}

// all returns the tallies by label.
func (q *queues) all() map[string]tally {
	q.mu.Lock()
	defer q.mu.Unlock()
	tallies := make(map[string]tally, len(q.own)+1)
	for name, l := range q.own {
		tallies[name] = l.tally
	}
	tallies[otherLabel] = q.rest
	return tallies
}

// sketch counts names in bounded space (Misra and Gries). Any name that makes up more than one in mostRecent of what
// happened is in it, however many others there are.
type sketch map[string]int

func (s sketch) add(name string) {
	if _, known := s[name]; known || len(s) < maxRecent {
		s[name]++
		return
	}
	s.change(func(n int) int { return n - 1 }) // it undoes one of as many additions as there are names
}

// decay lets what happened earlier count less.
func (s sketch) decay() { s.change(func(n int) int { return n / 2 }) }

func (s sketch) change(to func(int) int) {
	for name, n := range s {
		if n = to(n); n > 0 {
			s[name] = n
		} else {
			delete(s, name)
		}
	}
}
