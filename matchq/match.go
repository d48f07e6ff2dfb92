package matchq

import (
	"context"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var matchScript = space.Bind[matchArgs]("match/match")

type matchArgs struct {
	Match string `lua:"match"`
}

// Match returns a match by its id, while it is kept: one that is proposed, was made, or fell apart before it was. Errors:
// ErrNotFound, ErrUnavailable.
func (m *Matcher) Match(ctx context.Context, id string) (Match, error) {
	if _, _, ok := codec.SplitPlaceID(id); !ok {
		return Match{}, ErrNotFound
	}
	r, err := matchScript.Call(ctx, m.space, matchArgs{Match: id})
	if err != nil {
		return Match{}, err
	}
	return decodeMatch(r, id, r.Number())
}

// decodeMatch reads a match as lib/proposal.lua appends it to a reply.
func decodeMatch(r *space.Reply, id string, nowMS int64) (Match, error) {
	if r.Err == nil && !r.More() {
		r.Err = ErrNotFound
	}
	value := r.Text()
	if r.Err != nil {
		return Match{}, r.Err
	}
	if value == "" { // it was not proposed
		entryID, _, _ := codec.SplitPlaceID(id)
		return decodeMade(r, id, entryID)
	}
	p, err := codec.ParseProposal(value)
	if err != nil {
		return Match{}, err
	}
	switch p.State {
	case codec.Proposed:
		return decodeOpen(r, id, &p, nowMS)
	case codec.Matched:
		return decodeMade(r, id, p.Entry)
	default:
		return decodeDissolved(r, id, &p)
	}
}

// decodeOpen reads the values of a proposal's tickets.
func decodeOpen(r *space.Reply, id string, p *codec.Proposal, nowMS int64) (Match, error) {
	match := Match{
		ID: id, Queue: p.Queue, Room: roomOf(id), State: Proposed,
		Deadline: time.UnixMilli(p.DeadlineMS), MadeAt: time.UnixMilli(p.MadeMS), Rules: p.Rules, Data: dataOf(p.Data),
	}
	for i, ticketID := range p.IDs {
		t, _, err := liveTicket(ticketID, r.Text(), nowMS)
		if err != nil {
			return Match{}, errors.Join(r.Err, err)
		}
		match.Tickets = append(match.Tickets, t)
		if p.Accepted[i] == '1' {
			match.Accepted = append(match.Accepted, t.Player)
		}
	}
	return match, r.Err
}

// decodeMade reads the entry of a match that was made, which is about that match alone or was cut at its place.
func decodeMade(r *space.Reply, id, entryID string) (Match, error) {
	e, err := parseEntry(entryID, r.Fields())
	if err != nil || r.Err != nil {
		return Match{}, errors.Join(r.Err, err)
	}
	if e.Kind != codec.Matched || e.MatchAt(0) != id {
		return Match{}, ErrNotFound
	}
	match := e.match(0)
	return *match, match.decodeSequel(r)
}

// decodeDissolved reads the entries about the cancelled and the restored tickets of a match that fell apart.
func decodeDissolved(r *space.Reply, id string, p *codec.Proposal) (Match, error) {
	match := Match{ID: id, Room: roomOf(id), State: Cancelled}
	var entries []entry
	for _, entryID := range []string{p.Entry, p.Restored} {
		if entryID == "" {
			continue
		}
		e, err := parseEntry(entryID, r.Fields())
		if err != nil || r.Err != nil {
			return Match{}, errors.Join(r.Err, err)
		}
		entries = append(entries, e)
	}
	for _, ticketID := range p.IDs {
		for i := range entries {
			if t, ok := entries[i].find(ticketID); ok {
				match.Tickets = append(match.Tickets, t)
				match.Queue, match.MadeAt = t.Queue, entries[i].at
			}
		}
	}
	return match, match.decodeSequel(r)
}
