package matchq

import "context"

// Cancel ends a ticket that waits. It is nil also if the ticket was cancelled before, so it is safe to repeat.
// Otherwise: *MatchedError with the match, ErrExpired, ErrNotFound, *ConfigError, ErrUnavailable.
func (m *Matcher) Cancel(ctx context.Context, id string) error {
	return m.CancelBecause(ctx, id, "")
}

// CancelBecause is Cancel with a reason, which comes back as Ticket.Reason. It is of up to 128 bytes, as a name, or
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

func (m *Matcher) cancel(ctx context.Context, t *Ticket, reason string) error {
	if t.State == Waiting {
		waiting := *t // for a call that may outlive this one
		outcomes, err := within(ctx, m, nil, func(ctx context.Context) ([]string, error) {
			return m.cancelRows(ctx, []row{{ticket: waiting}}, reason)
		})
		if err != nil {
			return err
		}
		if outcomes[0] == "" {
			return ErrNotFound
		}
		if outcomeState(outcomes[0]) == Cancelled {
			return nil
		}
		// It ended between the two calls.
		if *t, err = m.Ticket(ctx, t.ID); err != nil {
			return err
		}
	}
	switch t.State {
	case Matched:
		return &MatchedError{Match: *t.Match}
	case Expired:
		return ErrExpired
	default:
		return nil
	}
}

// cancelRows runs cancel.lua and returns an outcome a ticket, "" for one that nobody knows. A row with a body is
// voided in that case.
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
	outcomes := make([]string, len(rows))
	for i := range outcomes {
		outcomes[i] = r.text()
	}
	return outcomes, r.err
}
