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
	// waiters get the outcome of their ticket, by its id.
	waiters map[string]chan matchq.Event
}

func newLobby(m *matchq.Matcher) *lobby {
	return &lobby{m: m, waiters: map[string]chan matchq.Event{}}
}

// join queues a player and returns a channel for the ticket's outcome. End it with leave.
func (l *lobby) join(ctx context.Context, r matchq.Request) (matchq.Ticket, <-chan matchq.Event, error) {
	// The id is made here so that the waiter is known before the ticket can be matched.
	r.ID = rand.Text()
	waiter := make(chan matchq.Event, 1)
	l.mu.Lock()
	l.waiters[r.ID] = waiter
	l.mu.Unlock()
	// A client that hangs up right now is still queued, which takes a moment, and then leaves: that is clearer
	// than a call abandoned half-way.
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

// watch passes events after a position to the waiters of this process, whichever process caused them, until ctx ends.
func (l *lobby) watch(ctx context.Context, after string) error {
	for ctx.Err() == nil {
		for event, err := range l.m.Watch(ctx, after) {
			switch {
			case err == nil:
				after = event.ID
				l.tell(event)
			case errors.Is(err, matchq.ErrUnavailable):
				slog.Warn("no events until redis is back", "error", err) // Watch continues by itself
			case errors.Is(err, matchq.ErrGap):
				// This process was away for longer than events are kept. It reads the kept ones again, which is harmless.
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
			delete(l.waiters, ticket.ID) // one send per ticket, so the channel never blocks
			waiter <- event
		}
	}
}

// catchUp looks up every ticket with a waiter, after events were missed.
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
		case errors.Is(err, matchq.ErrNotFound): // it ended so long ago that its outcome is no longer kept
			l.tell(matchq.Event{Kind: matchq.Expired, Ticket: &matchq.Ticket{ID: id}})
		case err == nil && ticket.State != matchq.Waiting:
			l.tell(matchq.Event{Kind: ticket.State, At: ticket.EndedAt, Match: ticket.Match, Ticket: &ticket})
		}
	}
}
