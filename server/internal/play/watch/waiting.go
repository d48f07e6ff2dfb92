package watch

import (
	"github.com/matchq/matchq/matchq"
)

// Update is the new state of a ticket. Err is set if the state can't be read any more.
type Update struct {
	Ticket matchq.Ticket
	Err    error
}

// Wait returns a channel of updates of a ticket. Read the ticket after calling Wait, so that no update is missed; the
// first update may then be older. Call forget in the end.
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

// wake hands an update to all requests that wait for a ticket.
func (w *Watcher) wake(ticketID string, news Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.waiters[ticketID] {
		select {
		case <-ch: // an older update that nobody took
		default:
		}
		ch <- news // there is room: only wake fills the channel, under the lock
	}
}

// tickets returns the ids of the tickets that requests wait for.
func (w *Watcher) tickets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(w.waiters))
	for id := range w.waiters {
		ids = append(ids, id)
	}
	return ids
}
