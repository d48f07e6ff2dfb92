package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"

	"github.com/matchq/matchq/matchq"
)

// lobby knows which requests of this process wait for which tickets.
type lobby struct {
	m  *matchq.Matcher
	mu sync.Mutex
	// waiters are told how their ticket ended, by its id.
	waiters map[string]chan matchq.Event
}

func newLobby(m *matchq.Matcher) *lobby {
	return &lobby{m: m, waiters: map[string]chan matchq.Event{}}
}

// join queues a player and returns where they will be told what became of it. End it with leave.
func (l *lobby) join(ctx context.Context, r matchq.Request) (matchq.Ticket, <-chan matchq.Event, error) {
	// The id is made here so that the waiter is known before the ticket can be matched.
	r.ID = rand.Text()
	waiter := make(chan matchq.Event, 1)
	l.mu.Lock()
	l.waiters[r.ID] = waiter
	l.mu.Unlock()
	// Somebody who goes away right now is queued all the same, which takes a moment, and then leaves: that is clearer
	// than a call that is given up half-way.
	ticket, err := l.m.Enqueue(context.WithoutCancel(ctx), r)
	if err != nil {
		l.leave(r.ID)
		return matchq.Ticket{}, nil, err
	}
	return ticket, waiter, nil
}

func (l *lobby) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiters, id)
}

// watch tells the waiters of this process what happens after a position, wherever it was brought about, until ctx ends.
func (l *lobby) watch(ctx context.Context, after string) error {
	for ctx.Err() == nil {
		for event, err := range l.m.Watch(ctx, after) {
			switch {
			case err == nil:
				after = event.ID
				l.tell(event)
			case errors.Is(err, matchq.ErrUnavailable):
				slog.Warn("no events until redis is back", "error", err) // Watch goes on by itself
			case errors.Is(err, matchq.ErrGap):
				// This process was away for longer than events are kept. What is kept is read again, which does no harm.
				after = matchq.FromOldest
				l.catchUp(ctx)
			default:
				return err
			}
		}
	}
	return nil
}

func (l *lobby) tell(event matchq.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ticket := range event.Tickets() {
		if waiter := l.waiters[ticket.ID]; waiter != nil {
			delete(l.waiters, ticket.ID) // it is told once, so the channel never blocks
			waiter <- event
		}
	}
}

// catchUp looks at every ticket that is waited for, where events are missing.
func (l *lobby) catchUp(ctx context.Context) {
	l.mu.Lock()
	var ids []string
	for id := range l.waiters {
		ids = append(ids, id)
	}
	l.mu.Unlock()
	for _, id := range ids {
		ticket, err := l.m.Ticket(ctx, id)
		switch {
		case errors.Is(err, matchq.ErrNotFound): // it ended so long ago that nobody knows how
			l.tell(matchq.Event{Kind: matchq.Expired, Ticket: &matchq.Ticket{ID: id}})
		case err == nil && ticket.State != matchq.Waiting:
			l.tell(matchq.Event{Kind: ticket.State, At: ticket.EndedAt, Match: ticket.Match, Ticket: &ticket})
		}
	}
}
