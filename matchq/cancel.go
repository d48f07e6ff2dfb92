package matchq

import (
	"context"
	"errors"
	"fmt"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var cancelScript = space.Bind[cancelArgs]("match/cancel")

type cancelArgs struct {
	Reason string      `lua:"reason"`
	Rows   []cancelRow `lua:"row"`
}

type cancelRow struct {
	ID    string `lua:"id"`
	Queue string `lua:"queue"`
	Body  string `lua:"body"`
}

// Cancel ends a waiting ticket. A proposed ticket is declined by it, and the others of its match wait again. The reason
// comes back as Ticket.Reason: a name of up to 128 bytes, or empty, which for a proposed ticket means ReasonDeclined.
//
// It returns nil also if the ticket was cancelled before, so it is safe to repeat. Otherwise: *MatchedError with the
// match, ErrExpired, ErrNotFound, *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Cancel(ctx context.Context, id, reason string) error {
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

// CancelPlayer cancels a player's latest ticket, without a reason. Errors as for Cancel; ErrNotFound if there is none.
func (m *Matcher) CancelPlayer(ctx context.Context, player string) error {
	// By id, since a repeated call must not end a ticket that was made in between.
	t, err := m.TicketOf(ctx, player)
	if err != nil {
		return err
	}
	return m.cancel(ctx, &t, "")
}

// maxLooks is how often a call looks again at tickets that change under its hands.
const maxLooks = 10

func (m *Matcher) cancel(ctx context.Context, t *Ticket, reason string) error {
	for range maxLooks {
		done, err := m.cancelOnce(ctx, t, reason)
		if done || err != nil {
			return err
		}
		if *t, err = m.Ticket(ctx, t.ID); err != nil { // it may have changed between the two calls
			return err
		}
	}
	return fmt.Errorf("%w: ticket %s is restored and proposed again all the time", ErrUnavailable, t.ID)
}

// cancelOnce cancels a ticket in the state it was seen in. done is false if it may have left that state.
func (m *Matcher) cancelOnce(ctx context.Context, t *Ticket, reason string) (done bool, err error) {
	switch t.State {
	case Waiting:
		values, err := m.cancelRows(ctx, []row{{ticket: *t}}, reason)
		if err != nil {
			return false, err
		}
		if values[0] == "" {
			return false, ErrNotFound
		}
		return codec.StateOf(values[0]) == codec.Cancelled, nil
	case Proposed:
		return false, m.decline(ctx, t.Match.ID, t.Player, reason)
	case Matched:
		return false, &MatchedError{Match: *t.Match}
	case Expired:
		return false, ErrExpired
	default:
		return true, nil
	}
}

// decline declines a proposed match in the name of a player; the match may have ended meanwhile.
func (m *Matcher) decline(ctx context.Context, matchID, player, reason string) error {
	if reason == "" {
		reason = ReasonDeclined
	}
	_, err := m.answer(ctx, matchID, player, "decline", reason)
	if errors.Is(err, ErrNotFound) {
		return nil // it is settled and forgotten
	}
	return err
}

// cancelRows cancels tickets and returns the value of each, "" for an unknown one: its outcome, or the value that it
// keeps because it is proposed. A row with a body is voided if it is unknown.
func (m *Matcher) cancelRows(ctx context.Context, rows []row, reason string) ([]string, error) {
	args := cancelArgs{Reason: reason, Rows: make([]cancelRow, len(rows))}
	for i := range rows {
		args.Rows[i] = cancelRow{ID: rows[i].ticket.ID, Queue: rows[i].ticket.Queue, Body: rows[i].body}
	}
	r, err := cancelScript.Call(ctx, m.space, args)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(rows))
	for i := range values {
		values[i] = r.Text()
	}
	return values, r.Err
}
