package watch

import (
	"github.com/matchq/matchq/matchq"
)

// Update is what became of a ticket that somebody waits for. Err is set if it can't be told any more.
type Update struct {
	Ticket matchq.Ticket
	Err    error
}

// Wait returns a channel that gets the latest news about a ticket. Look at the ticket only afterwards, so that nothing
// happens in between: the first news may then be older. Call forget at the end.
func (w *Watcher) Wait(ticketID string) (news <-chan Update, forget func()) {
	ch := make(chan Update, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiters == nil {
		w.waiters = map[string]map[chan Update]bool{}
	}
	if w.waiters[ticketID] == nil {
		w.waiters[ticketID] = map[chan Update]bool{}
	}
	w.waiters[ticketID][ch] = true
	return ch, func() { w.forget(ticketID, ch) }
}

func (w *Watcher) forget(ticketID string, ch chan Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiters[ticketID], ch)
	if len(w.waiters[ticketID]) == 0 {
		delete(w.waiters, ticketID)
	}
}

// wake hands news to everything that waits for a ticket.
func (w *Watcher) wake(ticketID string, news Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.waiters[ticketID] {
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
	ids := make([]string, 0, len(w.waiters))
	for id := range w.waiters {
		ids = append(ids, id)
	}
	return ids
}
