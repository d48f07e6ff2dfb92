package matchq

import (
	"context"

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
		r, err := m.read(ctx, m.scripts.ticket, []string{m.keys.tickets, m.keys.players, m.keys.events}, id, player)
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
	if r.err == nil && isRecord(value) {
		return waitingTicket(id, value, now)
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

// Match returns a match by its id, while it is kept. Errors: ErrNotFound, ErrUnavailable.
func (m *Matcher) Match(ctx context.Context, id string) (Match, error) {
	entryID, place, ok := splitPlaceID(id)
	if !ok {
		return Match{}, ErrNotFound
	}
	return within(ctx, m, nil, func(ctx context.Context) (Match, error) {
		found, err := m.rdb.XRange(ctx, m.keys.events, entryID, entryID).Result()
		if err != nil {
			return Match{}, failure("read match", err)
		}
		if len(found) == 0 {
			return Match{}, ErrNotFound
		}
		e, err := parseMessage(found[0])
		if err != nil {
			return Match{}, err
		}
		if e.kind != Matched || place >= e.places() {
			return Match{}, ErrNotFound
		}
		return *e.match(place), nil
	})
}

// parseMessage reads an entry as the driver hands it over.
func parseMessage(message redis.XMessage) (entry, error) {
	fields := make(map[string]string, len(message.Values))
	for name, value := range message.Values {
		fields[name], _ = value.(string)
	}
	return parseEntry(message.ID, fields)
}
