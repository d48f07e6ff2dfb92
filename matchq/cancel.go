package matchq

import (
	"context"
	"errors"
	"fmt"
)

// Cancel ends a ticket that waits. One that is proposed is declined by it, and the others of its match wait again. It is
// nil also if the ticket was cancelled before, so it is safe to repeat.
// Otherwise: *MatchedError with the match, ErrExpired, ErrNotFound, *ConfigError, ErrUnavailable.
func (m *Matcher) Cancel(ctx context.Context, id string) error {
	return m.CancelBecause(ctx, id, "")
}

// CancelBecause is Cancel with a reason, which comes back as Ticket.Reason; DeclinedReason if it is empty and
// the ticket was proposed. It is of up to 128 bytes, as a name, or
// empty; else the error is an *InvalidError.
func (m *Matcher) CancelBecause(ctx context.Context, id, reason string) error {
	if reason != "" {
		if err := CheckName("reason", reason); err != nil {
			return err
		}
	}
	t, err := m.Ticket(ctx, id)
	if err != nil {
		return err
	}
	return m.cancel(ctx, &t, reason)
}

// CancelPlayer cancels a player's latest ticket. Its errors are those of Cancel; ErrNotFound if there is none.
func (m *Matcher) CancelPlayer(ctx context.Context, player string) error {
	// By id, since a repeated call must not end a ticket that was made in between.
	t, err := m.TicketOf(ctx, player)
	if err != nil {
		return err
	}
	return m.cancel(ctx, &t, "")
}

// mostLooks is how often a call looks again at tickets that change under its hands.
const mostLooks = 10

func (m *Matcher) cancel(ctx context.Context, t *Ticket, reason string) error {
	for range mostLooks {
		var err error
		switch t.State {
		case Waiting:
			waiting := *t // for a call that may outlive this one
			values, err := within(ctx, m, nil, func(ctx context.Context) ([]string, error) {
				return m.cancelRows(ctx, []row{{ticket: waiting}}, reason)
			})
			if err != nil {
				return err
			}
			if values[0] == "" {
				return ErrNotFound
			}
			if stateOf(values[0]) == Cancelled {
				return nil
			}
		case Proposed:
			if err = m.decline(ctx, t.Match.ID, t.Player, reason); err != nil {
				return err
			}
		case Matched:
			return &MatchedError{Match: *t.Match}
		case Expired:
			return ErrExpired
		default:
			return nil
		}
		if *t, err = m.Ticket(ctx, t.ID); err != nil { // it may have changed between the two calls
			return err
		}
	}
	return fmt.Errorf("%w: ticket %s is restored and proposed again all the time", ErrUnavailable, t.ID)
}

// decline gives a player's place in a proposed match up, whatever became of the match meanwhile.
func (m *Matcher) decline(ctx context.Context, matchID, player, reason string) error {
	if reason == "" {
		reason = DeclinedReason
	}
	_, err := m.answer(ctx, matchID, player, "decline", reason)
	if errors.Is(err, ErrNotFound) {
		return nil // it is settled and forgotten
	}
	return err
}

// cancelRows runs cancel.lua and returns the value of each ticket, "" for one that nobody knows: its outcome, or what
// it was and still is if it is proposed. A row with a body is voided if nobody knows it.
func (m *Matcher) cancelRows(ctx context.Context, rows []row, reason string) ([]string, error) {
	k := &m.keys
	keys := []string{k.meta, k.tickets, k.due, k.events, k.counters, k.tombstones, k.batches}
	args := []any{reason}
	for i := range rows {
		t := &rows[i].ticket
		keys = append(keys, k.waiting(t.Queue), k.passed(t.Queue))
		args = append(args, t.ID, t.Queue, rows[i].body)
	}
	r, err := m.write(ctx, m.scripts.cancel, keys, args...)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(rows))
	for i := range values {
		values[i] = r.text()
	}
	return values, r.err
}
