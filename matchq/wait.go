package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/vigil"
	"github.com/matchq/matchq/matchq/internal/waiters"
)

// Wait returns a ticket when it has ended: Matched, with its Match, Cancelled or Expired. It returns at once if it has; a
// proposed ticket has not. What it returns is final: a match that is released later gives its players new tickets.
//
// All Waits of a Matcher share one reader of events, which reads while anybody waits, so thousands of them cost Redis little
// more than one. While Redis is away, or refuses, they wait on: bound them by ctx. Safe to repeat.
//
// Errors: the context's own, as context.Canceled; ErrNotFound for a ticket that is unknown or forgotten; ErrLost if Redis lost
// it while it was waited for; an answer of Redis that repeating won't change.
func (m *Matcher) Wait(ctx context.Context, ticketID string) (Ticket, error) {
	if checkID(ticketID) != nil {
		return Ticket{}, ErrNotFound // nobody has such an id
	}
	return m.waiters.Wait(ctx, ticketID)
}

func newWaiters(m *Matcher) *waiters.Waiters[Ticket] {
	return waiters.New(waiters.Source[Ticket]{
		Space: m.space, Vigil: waitVigil{m.vigil}, Position: m.Position, Watch: m.watchEnds, Standings: m.standings, Ticket: m.Ticket,
		Gap: ErrGap, NotFound: ErrNotFound, Lost: ErrLost,
	})
}

// waitVigil is a Vigil for followers without a lease.
type waitVigil struct{ *vigil.Vigil }

func (v waitVigil) Follow(ctx context.Context, changed func()) (leave func()) {
	return v.Vigil.Follow(ctx, 0, changed)
}

// watchEnds tells the ends of tickets after a position.
func (m *Matcher) watchEnds(ctx context.Context, after string, tell func(string, Ticket)) error {
	for ev, err := range m.Watch(ctx, after) {
		if err != nil {
			return err // after a gap the tickets are looked up: only Waits for unreadable ones fail
		}
		if ev.Kind.Ended() {
			for _, t := range ev.Tickets() {
				t.Match = ev.Match
				tell(t.ID, t)
			}
		}
	}
	return nil
}

// standings says of tickets whether they have ended.
func (m *Matcher) standings(ctx context.Context, ids []string) ([]waiters.Standing, error) {
	states, err := m.States(ctx, ids...)
	standings := make([]waiters.Standing, len(states))
	for i, state := range states {
		switch {
		case state.Ended():
			standings[i] = waiters.Ended
		case state != "":
			standings[i] = waiters.Live
		}
	}
	return standings, err
}
