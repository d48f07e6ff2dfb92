package matchq

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Ticket returns a ticket by its id: as it waits, or how it ended while that is kept. Errors: ErrNotFound,
// ErrUnavailable.
func (m *Matcher) Ticket(ctx context.Context, id string) (Ticket, error) {
	if checkID(id) != nil {
		return Ticket{}, ErrNotFound // nobody has such an id
	}
	return m.lookUp(ctx, id, "")
}

// TicketOf returns a player's latest ticket. Errors as for Ticket.
func (m *Matcher) TicketOf(ctx context.Context, player string) (Ticket, error) {
	if CheckName("player", player) != nil {
		return Ticket{}, ErrNotFound
	}
	return m.lookUp(ctx, "", player)
}

func (m *Matcher) lookUp(ctx context.Context, id, player string) (Ticket, error) {
	return within(ctx, m, nil, func(ctx context.Context) (Ticket, error) {
		keys := []string{m.keys.tickets, m.keys.players, m.keys.events, m.keys.proposals}
		r, err := m.read(ctx, m.scripts.ticket, keys, id, player)
		if err != nil {
			return Ticket{}, err
		}
		return decodeTicket(r)
	})
}

// decodeTicket reads the reply of ticket.lua.
func decodeTicket(r *reply) (Ticket, error) {
	now := r.number()
	if !r.more() {
		if r.err == nil {
			r.err = ErrNotFound
		}
		return Ticket{}, r.err
	}
	id, value := r.text(), r.text()
	if r.err == nil && outcomeEntry(value) == "" {
		return decodeLive(r, id, value, now)
	}
	fields := r.fields()
	if r.err != nil {
		return Ticket{}, r.err
	}
	e, err := parseEntry(outcomeEntry(value), fields)
	if err != nil {
		return Ticket{}, err
	}
	t, ok := e.find(id)
	if !ok {
		r.failf("entry %s does not name ticket %s", e.id, id)
	}
	return t, r.err
}

// decodeLive reads a ticket that waits or is proposed; what is known of its match then follows.
func decodeLive(r *reply, id, value string, nowMS int64) (Ticket, error) {
	t, matchID, err := liveTicket(id, value, nowMS)
	if err != nil || matchID == "" {
		return t, err
	}
	match, err := decodeMatch(r, matchID, nowMS)
	if err != nil {
		return Ticket{}, fmt.Errorf("matchq: ticket %s is proposed for %s: %w", id, matchID, err)
	}
	t.Match = &match
	return t, nil
}

// parseMessage reads an entry as the driver hands it over.
func parseMessage(message redis.XMessage) (entry, error) {
	fields := make(map[string]string, len(message.Values))
	for name, value := range message.Values {
		fields[name], _ = value.(string)
	}
	return parseEntry(message.ID, fields)
}
