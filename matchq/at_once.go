package matchq

import (
	"context"
	"slices"
	"sync"

	"github.com/matchq/matchq/matchq/internal/space"
)

// atOnce ticks queues right after a ticket was enqueued, where the interval is AtOnce. Should this process end before
// it does, or Redis not answer, Run finds them due.
type atOnce struct {
	m *Matcher

	mu      sync.Mutex
	queues  []string
	ticking bool
	outage  space.Outage // used by the goroutine that ticks only
}

// sent is told of a batch that was sent.
func (a *atOnce) sent(batch []*pending, answers []answer) {
	book := a.m.rules.Known()
	if book == nil || book.Shortest() > 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, p := range batch {
		atOnce := book.Plan(p.Row.ticket.Queue).IntervalMS == 0
		if atOnce && answers[i].status == statusQueued && !slices.Contains(a.queues, p.Row.ticket.Queue) {
			a.queues = append(a.queues, p.Row.ticket.Queue)
		}
	}
	if !a.ticking && len(a.queues) > 0 {
		a.ticking = true
		go a.tick()
	}
}

// next takes the queues to tick.
func (a *atOnce) next() []visit {
	a.mu.Lock()
	defer a.mu.Unlock()
	var visits []visit
	for _, queue := range a.queues[:min(maxVisits, len(a.queues))] {
		visits = append(visits, visit{queue: queue})
	}
	a.queues = slices.Delete(a.queues, 0, len(visits))
	a.ticking = len(visits) > 0
	return visits
}

func (a *atOnce) tick() {
	for visits := a.next(); len(visits) > 0; {
		// It outlives the callers; each call has a time-out.
		_, rest, err := a.m.tick(context.Background(), visits)
		if err != nil {
			a.outage.Note(err)
			rest = nil
		} else {
			a.outage.Over()
		}
		if visits = rest; len(visits) == 0 {
			visits = a.next()
		}
	}
}
