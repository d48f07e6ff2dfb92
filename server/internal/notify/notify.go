// Package notify tells the players of this node, and who waits for a ticket by HTTP, what happens in Redis.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/sessions"
	"github.com/matchq/matchq/server/internal/status"
)

// Notifier follows the events of the namespace.
type Notifier struct {
	Matcher *matchq.Matcher
	Index   *sessions.Index
	Waiters *Waiters
	Log     *slog.Logger
}

// Run follows the events after a position until ctx ends. While Redis is away it waits.
func (n *Notifier) Run(ctx context.Context, position string) {
	for ctx.Err() == nil {
		var gap bool
		if position, gap = n.follow(ctx, position); ctx.Err() != nil {
			return
		}
		end := again(ctx, func() (string, error) { return n.Matcher.Position(ctx) })
		if gap {
			position = end
		}
		n.lookAround(ctx)
		n.Log.Info("events go on")
	}
}

// follow tells of every event until Redis is away or events turn out to be missing, and returns where it was.
func (n *Notifier) follow(ctx context.Context, position string) (at string, gap bool) {
	for ev, err := range n.Matcher.Watch(ctx, position) {
		if errors.Is(err, matchq.ErrUnavailable) {
			n.Log.Warn("no events until redis answers", "error", err)
			return position, false
		}
		if err != nil {
			n.Log.Warn("events are missing, looking at every ticket", "error", err)
			return position, true
		}
		n.tell(&ev)
		position = ev.ID
	}
	return position, false
}

func (n *Notifier) tell(ev *matchq.Event) {
	tickets := ev.Tickets()
	for i := range tickets {
		t := tickets[i]
		t.Match = ev.Match
		switch ev.Kind {
		case matchq.Proposed:
			n.proposed(&t)
		case matchq.Restored:
			n.restored(&t, ev.Reason)
		default:
			n.ended(&t)
		}
	}
}

// proposed asks a player to accept a match.
func (n *Notifier) proposed(t *matchq.Ticket) {
	n.Waiters.tell(t.ID, News{Ticket: *t})
	if s := n.Index.Session(t.Player); s != nil {
		s.Push("", status.ProposedEvent, status.Encode(status.Proposed(t, t.Match)))
	}
}

// restored tells that a ticket waits again.
func (n *Notifier) restored(t *matchq.Ticket, reason string) {
	n.Waiters.tell(t.ID, News{Ticket: *t})
	if s := n.Index.Session(t.Player); s != nil {
		s.Push("", status.Event, status.Encode(status.Restored(t, reason)))
	}
}

// ended tells that a ticket has ended.
func (n *Notifier) ended(t *matchq.Ticket) {
	n.Waiters.tell(t.ID, News{Ticket: *t})
	if s := n.Index.Ended(t.Player, t.ID); s != nil {
		s.Push(t.ID, status.Event, status.Encode(status.Ended(t, t.Match, n.Index.SID)))
	}
}

// lookAround tells what became of the tickets of all who wait: events may be missing, and a Redis that was away may
// have come back without what it held. What is told here is not told again when its event comes.
func (n *Notifier) lookAround(ctx context.Context) {
	for _, id := range n.Waiters.tickets() {
		if t, err := n.look(ctx, id); err != nil {
			n.Waiters.tell(id, News{Err: err})
		} else {
			n.changed(&t)
		}
	}
	for player, id := range n.Index.Tickets() {
		t, err := n.look(ctx, id)
		if err != nil {
			t = matchq.Ticket{ID: id, Player: player, State: matchq.Cancelled, Reason: lost}
		}
		n.changed(&t)
	}
}

// changed tells what may not have been told of a ticket.
func (n *Notifier) changed(t *matchq.Ticket) {
	switch t.State {
	case matchq.Waiting:
		n.Waiters.tell(t.ID, News{Ticket: *t})
	case matchq.Proposed:
		n.proposed(t)
	default:
		n.ended(t)
	}
}

// lost is why a ticket is said to be cancelled that Redis knows no more.
const lost = "lost"

// look reads a ticket, waiting for Redis if it must.
func (n *Notifier) look(ctx context.Context, id string) (matchq.Ticket, error) {
	type found struct {
		ticket matchq.Ticket
		err    error
	}
	f := again(ctx, func() (found, error) {
		t, err := n.Matcher.Ticket(ctx, id)
		if errors.Is(err, matchq.ErrUnavailable) {
			return found{ticket: matchq.Ticket{State: matchq.Waiting}}, err
		}
		return found{t, err}, nil
	})
	return f.ticket, f.err
}

// again repeats a call until it succeeds or ctx ends.
func again[T any](ctx context.Context, call func() (T, error)) T {
	for {
		value, err := call()
		if err == nil || ctx.Err() != nil {
			return value
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
