package matchq

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var ticketScript = space.Bind[ticketArgs]("match/ticket")

type ticketArgs struct {
	ID     string `lua:"id"`
	Player string `lua:"player"`
}

// Ticket returns a ticket by its id: as it waits, or how it ended while that is kept. Errors: ErrNotFound,
// ErrUnavailable.
func (m *Matcher) Ticket(ctx context.Context, id string) (Ticket, error) {
	if checkID(id) != nil {
		return Ticket{}, ErrNotFound // nobody has such an id
	}
	return m.lookUp(ctx, ticketArgs{ID: id})
}

// TicketOf returns a player's latest ticket. Errors as for Ticket.
func (m *Matcher) TicketOf(ctx context.Context, player string) (Ticket, error) {
	if CheckName("player", player) != nil {
		return Ticket{}, ErrNotFound
	}
	return m.lookUp(ctx, ticketArgs{Player: player})
}

var latestScript = space.Bind[latestArgs]("match/latest")

type latestArgs struct {
	Rows []latestRow `lua:"row"`
}

type latestRow struct {
	Player string `lua:"player"`
}

// TicketsOf returns the latest tickets of players, in their order, by a call to Redis for each 128 of them. A ticket that
// does not wait has its ID, Player and State only: Ticket reads the rest. The Err of a result is ErrNotFound where there is
// none. The error is about all of them. Errors: ErrUnavailable.
func (m *Matcher) TicketsOf(ctx context.Context, players ...string) ([]Result, error) {
	results := make([]Result, 0, len(players))
	for some := range slices.Chunk(players, 128) {
		args := latestArgs{Rows: make([]latestRow, len(some))}
		for i, player := range some {
			args.Rows[i].Player = player
		}
		r, err := latestScript.Call(ctx, m.space, args)
		if err != nil {
			return nil, err
		}
		results = append(results, decodeLatest(r, some)...)
		if r.Err != nil {
			return nil, r.Err
		}
	}
	return results, nil
}

func decodeLatest(r *space.Reply, players []string) []Result {
	now, results := r.Number(), make([]Result, len(players))
	for i, player := range players {
		id, value := r.Text(), r.Text()
		_, _, proposed := codec.CutProposed(value)
		switch {
		case value == "":
			results[i].Err = ErrNotFound
		case proposed || codec.OutcomeEntry(value) != "":
			results[i].Ticket = Ticket{ID: id, Player: player, State: statesOf[value[:1]]}
		default:
			results[i].Ticket, _, results[i].Err = liveTicket(id, value, now)
		}
	}
	return results
}

var statesScript = space.Bind[statesArgs]("match/states")

type statesArgs struct {
	Rows []statesRow `lua:"row"`
}

type statesRow struct {
	ID string `lua:"id"`
}

// statesOf are states by the letters of states.lua.
var statesOf = map[string]State{"": "", "w": Waiting, "p": Proposed, "m": Matched, "c": Cancelled, "e": Expired}

// States returns the states of tickets, in the order of their ids: "" for one that is unknown, or whose end was forgotten. It
// takes a call to Redis for each 256. Errors: ErrUnavailable.
func (m *Matcher) States(ctx context.Context, ids ...string) ([]State, error) {
	states := make([]State, 0, len(ids))
	for some := range slices.Chunk(ids, 256) {
		args := statesArgs{Rows: make([]statesRow, len(some))}
		for i, id := range some {
			args.Rows[i].ID = id
		}
		r, err := statesScript.Call(ctx, m.space, args)
		if err != nil {
			return nil, err
		}
		for range some {
			states = append(states, statesOf[r.Text()])
		}
		if r.Err != nil {
			return nil, r.Err
		}
	}
	return states, nil
}

func (m *Matcher) lookUp(ctx context.Context, args ticketArgs) (Ticket, error) {
	r, err := ticketScript.Call(ctx, m.space, args)
	if err != nil {
		return Ticket{}, err
	}
	return decodeTicket(r)
}

// decodeTicket reads the reply of ticket.lua.
func decodeTicket(r *space.Reply) (Ticket, error) {
	now := r.Number()
	if !r.More() {
		if r.Err == nil {
			r.Err = ErrNotFound
		}
		return Ticket{}, r.Err
	}
	id, value := r.Text(), r.Text()
	if r.Err == nil && codec.OutcomeEntry(value) == "" {
		return decodeLive(r, id, value, now)
	}
	fields := r.Fields()
	if r.Err != nil {
		return Ticket{}, r.Err
	}
	e, err := parseEntry(codec.OutcomeEntry(value), fields)
	if err != nil {
		return Ticket{}, err
	}
	t, ok := e.find(id)
	if !ok {
		r.Failf("entry %s does not name ticket %s", e.ID, id)
	}
	if t.Match == nil {
		r.Text() // tickets without a match have no sequel
	} else if err := t.Match.decodeSequel(r); err != nil {
		return Ticket{}, err
	} else {
		t.Successor = t.Match.ticketOf(t.Player).Successor
	}
	t.EndedAgo = max(0, time.UnixMilli(now).Sub(t.EndedAt))
	return t, r.Err
}

// decodeLive reads a ticket that waits or is proposed, and its match.
func decodeLive(r *space.Reply, id, value string, nowMS int64) (Ticket, error) {
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
