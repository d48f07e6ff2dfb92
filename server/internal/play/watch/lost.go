package watch

import (
	"context"
	"errors"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Lost is a ticket as its player is told that Redis no longer has it.
func Lost(t matchq.Ticket) matchq.Ticket {
	t.State, t.Reason, t.Version, t.Match = matchq.Cancelled, quiz.Lost, t.Version+1, nil
	return t
}

// Told notes that a client is told of a ticket. One that has ended is cancelled if Redis loses that, and has it wait again.
func (w *Watcher) Told(t *matchq.Ticket) {
	if t.State.Ended() {
		w.Sessions.EndTicket(t.ID)
	}
}

// Doubt has all that this node has told clients looked up soon: Redis may have lost it. It returns at once.
func (w *Watcher) Doubt() {
	select {
	case w.doubts() <- struct{}{}:
	default: // a look that has yet to begin
	}
}

func (w *Watcher) doubts() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.doubted == nil {
		w.doubted = make(chan struct{}, 1)
	}
	return w.doubted
}

// lookAgain looks all up whenever there is doubt, until ctx ends.
func (w *Watcher) lookAgain(ctx context.Context) {
	for {
		select {
		case <-w.doubts():
		case <-ctx.Done():
			return
		}
		w.lookUpTickets(ctx)
		w.cancelRisen(ctx) // within the second in which nobody is matched
		w.lookUpRooms(ctx)
	}
}

// lookUpTickets looks up the tickets that clients of this node wait for. Those that are lost come first: they are told by
// the answers of few calls. News sent here has a key, so that it is not repeated when the event comes.
func (w *Watcher) lookUpTickets(ctx context.Context) {
	used := w.Sessions.Tickets()
	ids := w.tickets()
	waiters := len(ids)
	for id := range used {
		ids = append(ids, id)
	}
	states, err := redisconn.Retry(ctx, func() ([]matchq.State, error) { return w.Matcher.States(ctx, ids...) })
	if err != nil {
		w.complain(ctx, err)
		return
	}
	for i, id := range ids {
		switch {
		case states[i] != "":
		case i < waiters:
			w.Sessions.EndTicket(id)
			w.wake(id, Update{Err: matchq.ErrNotFound})
		default:
			t := Lost(matchq.Ticket{ID: id})
			w.Sessions.EndTicket(t.ID)
			push(used[id], w.Notifier.Ended(ctx, &t))
		}
	}
	for i, id := range ids {
		// A request may not know yet that its ticket was restored, and looks at the version.
		if states[i] == "" || states[i] == matchq.Waiting && i >= waiters {
			continue
		}
		t, err := w.lookUp(ctx, id)
		if ctx.Err() != nil {
			return
		}
		if i < waiters {
			w.wake(id, Update{Ticket: t, Err: err})
		} else if err == nil {
			w.tellState(ctx, used[id], &t)
		}
	}
}

func (w *Watcher) tellState(ctx context.Context, s *sessions.Session, t *matchq.Ticket) {
	switch t.State {
	case matchq.Waiting:
	case matchq.Proposed:
		push(s, notify.Proposed(t, t.Match))
	default:
		w.Sessions.EndTicket(t.ID)
		push(s, w.Notifier.Ended(ctx, t))
	}
}

// lookUpRooms ends games and invitations that are open again though clients were told of their end, tells clients of
// those that are lost, and has the others look at the clock.
func (w *Watcher) lookUpRooms(ctx context.Context) {
	if w.Rooms == nil {
		return
	}
	_, err := redisconn.Retry(ctx, func() (struct{}, error) { return struct{}{}, w.Rooms.EndRisen(ctx, w.Sessions.Over()) })
	if err != nil {
		w.complain(ctx, err)
	}
	told := w.Sessions.Rooms()
	ids := make([]string, len(told))
	for i := range told {
		ids[i] = told[i].Room
	}
	missing, err := redisconn.Retry(ctx, func() (map[string]bool, error) { return w.Rooms.Missing(ctx, ids) })
	if err != nil {
		w.complain(ctx, err)
		return
	}
	var open []string
	for _, t := range told {
		switch {
		case missing[t.Room]:
			event, data := quiz.LostNews(t.Room, t.Now)
			t.Session.Push(t.Room+".lost", event, wire.Encode(data))
		case t.Now != quiz.InMatch:
			open = append(open, t.Room)
		}
	}
	w.Rooms.Recheck(ctx, open)
}

// cancelRisen cancels tickets that wait in Redis though they have ended: it has lost the end, of which players were told.
func (w *Watcher) cancelRisen(ctx context.Context) {
	ids := w.Sessions.Ended()
	states, err := redisconn.Retry(ctx, func() ([]matchq.State, error) { return w.Matcher.States(ctx, ids...) })
	if err != nil {
		w.complain(ctx, err)
		return
	}
	for i, id := range ids {
		if states[i] != matchq.Waiting && states[i] != matchq.Proposed {
			continue
		}
		_, err := redisconn.Retry(ctx, func() (struct{}, error) {
			return struct{}{}, w.Matcher.Cancel(ctx, id, quiz.Lost)
		})
		if _, matched := errors.AsType[*matchq.MatchedError](err); err != nil && !matched {
			w.complain(ctx, err)
		}
	}
}

func (w *Watcher) complain(ctx context.Context, err error) {
	if ctx.Err() == nil {
		w.Log.Error("tickets and rooms that redis may have lost can't be looked up", "error", err)
	}
}

func push(s *sessions.Session, news notify.News) { s.Push(news.Key, news.Event, news.Data) }

// lookUp reads a ticket and retries while Redis is away.
func (w *Watcher) lookUp(ctx context.Context, id string) (matchq.Ticket, error) {
	return redisconn.Retry(ctx, func() (matchq.Ticket, error) { return w.Matcher.Ticket(ctx, id) })
}
