package watch

import (
	"github.com/matchq/matchq/matchq"
)

// News is what became of a ticket that somebody waits for. Err is set if it can't be told any more.
type News struct {
	Ticket matchq.Ticket
	Err    error
}

// Wait returns a channel that gets the latest news about a ticket. Look at the ticket only afterwards, so that nothing
// happens in between: the first news may then be older. Call forget at the end.
func (w *Watcher) Wait(ticketID string) (news <-chan News, forget func()) {
	ch := make(chan News, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = map[string]map[chan News]bool{}
	}
	if w.waiting[ticketID] == nil {
		w.waiting[ticketID] = map[chan News]bool{}
	}
	w.waiting[ticketID][ch] = true
	return ch, func() { w.forget(ticketID, ch) }
}

func (w *Watcher) forget(ticketID string, ch chan News) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting[ticketID], ch)
	if len(w.waiting[ticketID]) == 0 {
		delete(w.waiting, ticketID)
	}
}

// wake hands news to everything that waits for a ticket.
func (w *Watcher) wake(ticketID string, news News) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.waiting[ticketID] {
		select {
		case <-ch: // older news that nobody has taken
		default:
		}
		ch <- news // nobody else fills it
	}
}

// tickets returns what is waited for.
func (w *Watcher) tickets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(w.waiting))
	for id := range w.waiting {
		ids = append(ids, id)
	}
	return ids
}
