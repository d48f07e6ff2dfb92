package matchq

import (
	"context"
	"slices"
	"sync"
)

// atOnce ticks queues right after somebody was queued, where Config.Interval is AtOnce. Should this process end before
// it does, or Redis not answer, Run finds them due.
type atOnce struct {
	mu      sync.Mutex
	queues  []string
	ticking bool
}

// tickAtOnce sees to the queues of a batch that was sent.
func (m *Matcher) tickAtOnce(batch []*pending, answers []answer) {
	if m.cfg.Interval != AtOnce {
		return
	}
	a := &m.atOnce
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, p := range batch {
		if answers[i].status == statusQueued && !slices.Contains(a.queues, p.row.ticket.Queue) {
			a.queues = append(a.queues, p.row.ticket.Queue)
		}
	}
	if !a.ticking && len(a.queues) > 0 {
		a.ticking = true
		go a.tick(m)
	}
}

// next takes what is to be ticked.
func (a *atOnce) next() []visit {
	a.mu.Lock()
	defer a.mu.Unlock()
	var visits []visit
	for _, queue := range a.queues[:min(mostVisits, len(a.queues))] {
		visits = append(visits, visit{queue: queue})
	}
	a.queues = slices.Delete(a.queues, 0, len(visits))
	a.ticking = len(visits) > 0
	return visits
}

func (a *atOnce) tick(m *Matcher) {
	for visits := a.next(); len(visits) > 0; {
		// It outlives the callers, so it has a time-out of its own.
		_, rest, err := m.tick(context.Background(), visits)
		if err != nil {
			m.cfg.Logger.Warn("matchq: queues are ticked later", "queues", len(visits), "error", err)
			rest = nil
		}
		if visits = rest; len(visits) == 0 {
			visits = a.next()
		}
	}
}
