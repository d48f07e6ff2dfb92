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
	// otherLabel is the label of all queues without one of their own, and of a queue of that name.
	otherLabel = "other"

	maxLabels      = 100         // queues with a label of their own
	maxRecent      = 4096        // names from which the next labels are chosen
	reviewPeriod   = time.Minute // between reviews of the labels
	takeoverFactor = 2           // a queue takes a label only from one that is this many times less busy
)

// tally has the counters of a queue.
type tally struct {
	enqueued, matches int64
	failures          int64    // of the policy
	finished          [3]int64 // by outcomes
}

// outcomes are the final states of tickets.
var outcomes = [3]matchq.State{matchq.Matched, matchq.Cancelled, matchq.Expired}

// queues has the counters by queue. The busiest queues have a tally of their own, from the moment they get a label; the
// others share one. Counters never decrease. The tally of a queue that loses its label is dropped: added to the shared
// one it would be counted twice.
type queues struct {
	mu       sync.Mutex
	own      map[string]*line
	rest     tally
	recent   sketch // without a label
	reviewed time.Time
}

// line is a queue with a label of its own.
type line struct {
	tally
	recent int // recent events
}

func newQueues() *queues { return &queues{own: map[string]*line{}, recent: sketch{}} }

// count updates the tally of a queue.
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

// candidate is a queue and its activity.
type candidate struct {
	name string
	busy int
}

// review assigns labels to the busiest queues. waiting has the queues with tickets. Free labels are assigned at once;
// labels change hands once a period.
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

// outside returns the queues without a label, busiest first.
func (q *queues) outside(waiting map[string]int) []candidate {
	busy := maps.Clone(map[string]int(q.recent))
	for name, n := range waiting {
		if q.own[name] == nil && name != otherLabel {
			busy[name] += n
		}
	}
	return ranked(busy, -1)
}

// inside returns the queues with a label, least busy first.
func (q *queues) inside(waiting map[string]int) []candidate {
	busy := make(map[string]int, len(q.own))
	for name, l := range q.own {
		busy[name] = l.recent + waiting[name]
	}
	return ranked(busy, 1)
}

// ranked sorts queues by activity, in order 1 or -1. Nodes with the same data get the same order.
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

// sketch counts names in bounded space (Misra and Gries). It has every name with more than one in maxRecent of all
// counts.
type sketch map[string]int

func (s sketch) add(name string) {
	if _, known := s[name]; known || len(s) < maxRecent {
		s[name]++
		return
	}
	s.change(func(n int) int { return n - 1 }) // undoes one count of each name
}

// decay halves all counts.
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
