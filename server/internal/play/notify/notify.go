// Package notify tells players, and who waits for a ticket by HTTP, what happens in Redis.
package notify

import (
	"context"
	"errors"
	"log/slog"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Notifier follows the events of the namespace.
type Notifier struct {
	Matcher *matchq.Matcher
	Index   *sessions.Index
	Waiters *Waiters
	Preview Preview
	Log     *slog.Logger

	// Told are called with the events that Post has told players of, one call at a time: each event on one node, and
	// again only if a node or Redis goes away in between. They must return quickly.
	Told []func([]matchq.Event)

	last string // the event that Told were called with last
}

// Run follows the events after a position until ctx ends, for who waits by HTTP on this node. While Redis is away it
// waits.
func (n *Notifier) Run(ctx context.Context, position string) {
	for ctx.Err() == nil {
		var gap bool
		if position, gap = n.follow(ctx, position); ctx.Err() != nil {
			return
		}
		end, _ := again(ctx, func() (string, error) { return n.Matcher.Position(ctx) })
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
		n.Waiters.tell(t.ID, News{Ticket: t})
		if lives := t.State == matchq.Waiting || t.State == matchq.Proposed; !lives {
			n.Index.Ended(t.ID)
		}
	}
}

// lookAround tells what became of the tickets of all who wait here: events may be missing, and a Redis that was away
// may have come back without what it held. What players are told here they are not told again when its event comes.
func (n *Notifier) lookAround(ctx context.Context) {
	for _, id := range n.Waiters.tickets() {
		t, err := n.look(ctx, id)
		if ctx.Err() != nil {
			return
		}
		n.Waiters.tell(id, News{Ticket: t, Err: err})
	}
	for id, s := range n.Index.Tickets() {
		t, err := n.look(ctx, id)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t = matchq.Ticket{ID: id, State: matchq.Cancelled, Reason: lost}
		}
		switch t.State {
		case matchq.Waiting:
		case matchq.Proposed:
			s.Push(ProposedKey(&t), ProposedEvent, Encode(Proposed(&t, t.Match)))
		default:
			n.Index.Ended(id)
			sids := SIDsNow(ctx, n.Matcher, t.Match)
			s.Push(EndKey(&t), Event, Encode(Ended(&t, t.Match, sids, n.Preview)))
		}
	}
}

// lost is why a ticket is said to be cancelled that Redis knows no more.
const lost = "lost"

// look reads a ticket, waiting for Redis if it must.
func (n *Notifier) look(ctx context.Context, id string) (matchq.Ticket, error) {
	return again(ctx, func() (matchq.Ticket, error) { return n.Matcher.Ticket(ctx, id) })
}
