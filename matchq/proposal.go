package matchq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reasons that a ready check gives tickets it cancels, and events of those it restores.
const (
	DeclinedReason = "declined"  // the player declined
	NoAnswerReason = "no_answer" // the player did not accept in time
)

// Accept says that a player takes a match that was proposed, and returns the match as it stands: Proposed while others
// have yet to accept, Matched once all have. Safe to repeat, also after that.
//
// Errors: ErrNotFound if there is no such match or the player is not in it, ErrGone if somebody declined or it is too
// late, *ConfigError, ErrUnavailable.
func (m *Matcher) Accept(ctx context.Context, matchID, player string) (Match, error) {
	match, err := m.answer(ctx, matchID, player, "accept", "")
	if err == nil && match.State == Cancelled {
		return Match{}, fmt.Errorf("%w: %s", ErrGone, matchID)
	}
	return match, err
}

// Decline ends a match that was proposed: the player's ticket is cancelled with DeclinedReason, the others wait again,
// where they stood and since when they did. It also takes an Accept back. Safe to repeat.
//
// Errors: ErrNotFound if there is no such match or the player is not in it, *MatchedError if all have accepted, ErrGone
// if it fell apart otherwise, *ConfigError, ErrUnavailable.
func (m *Matcher) Decline(ctx context.Context, matchID, player string) error {
	match, err := m.answer(ctx, matchID, player, "decline", DeclinedReason)
	if err != nil {
		return err
	}
	if match.State == Matched {
		return &MatchedError{Match: match}
	}
	if t := match.ticketOf(player); t.State == Cancelled && t.Reason == DeclinedReason {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrGone, matchID)
}

// answer runs answer.lua and returns the match as it then is.
func (m *Matcher) answer(ctx context.Context, matchID, player, answer, reason string) (Match, error) {
	if _, _, ok := splitPlaceID(matchID); !ok || CheckName("player", player) != nil {
		return Match{}, ErrNotFound // nobody has such an id
	}
	match, err := within(ctx, m, nil, func(ctx context.Context) (Match, error) {
		k := &m.keys
		keys := []string{
			k.meta, k.tickets, k.due, k.events, k.counters, k.matched, k.tombstones, k.held, k.proposals, k.deadlines,
		}
		r, err := m.write(ctx, m.scripts.answer, keys, m.cfg.intervalMS(), matchID, player, answer, reason)
		if err != nil {
			return Match{}, err
		}
		return decodeMatch(r, matchID, r.number())
	})
	if err == nil && match.ticketOf(player) == nil {
		return Match{}, ErrNotFound
	}
	return match, err
}

// ticketOf is the ticket of a player in a match, nil if they are not in it.
func (m *Match) ticketOf(player string) *Ticket {
	i := slices.IndexFunc(m.Tickets, func(t Ticket) bool { return t.Player == player })
	if i < 0 {
		return nil
	}
	return &m.Tickets[i]
}

// Match returns a match by its id, while it is kept: one that is proposed, was made, or fell apart before it was. Errors:
// ErrNotFound, ErrUnavailable.
func (m *Matcher) Match(ctx context.Context, id string) (Match, error) {
	if _, _, ok := splitPlaceID(id); !ok {
		return Match{}, ErrNotFound
	}
	return within(ctx, m, nil, func(ctx context.Context) (Match, error) {
		r, err := m.read(ctx, m.scripts.match, []string{m.keys.tickets, m.keys.events, m.keys.proposals}, id)
		if err != nil {
			return Match{}, err
		}
		return decodeMatch(r, id, r.number())
	})
}

// decodeMatch reads what lib/proposal.lua says of a match.
func decodeMatch(r *reply, id string, nowMS int64) (Match, error) {
	if r.err == nil && !r.more() {
		r.err = ErrNotFound
	}
	if r.err != nil {
		return Match{}, r.err
	}
	value := r.text()
	letter, rest, _ := strings.Cut(value, "\t")
	switch letter {
	case "o":
		return decodeOpen(r, id, rest, nowMS)
	case "c":
		return decodeFallenApart(r, id, rest)
	case "m", "":
		return decodeMade(r, id, rest)
	}
	r.failf("match %s is %q", id, value)
	return Match{}, r.err
}

// decodeOpen reads a proposal, and the values of its tickets.
func decodeOpen(r *reply, id, proposal string, nowMS int64) (Match, error) {
	fields := strings.Split(proposal, "\t")
	if len(fields) < 6 {
		r.failf("proposal %s has %d fields", id, len(fields))
		return Match{}, r.err
	}
	accepted, ids := fields[3], fields[5:]
	match := Match{ID: id, Queue: fields[4], Room: roomOf(id), State: Proposed}
	deadline, err1 := strconv.ParseInt(fields[0], 10, 64)
	made, err2 := strconv.ParseInt(fields[1], 10, 64)
	if err1 != nil || err2 != nil || len(accepted) != len(ids) {
		r.failf("proposal %s is %q", id, proposal)
		return Match{}, r.err
	}
	match.Deadline, match.MadeAt = time.UnixMilli(deadline), time.UnixMilli(made)
	for i, ticketID := range ids {
		t, _, err := liveTicket(ticketID, r.text(), nowMS)
		if err != nil {
			return Match{}, errors.Join(r.err, err)
		}
		match.Tickets = append(match.Tickets, t)
		if accepted[i] == '1' {
			match.Accepted = append(match.Accepted, t.Player)
		}
	}
	return match, r.err
}

// decodeMade reads the entry of a match that was made. settled is its id if the match was proposed before.
func decodeMade(r *reply, id, settled string) (Match, error) {
	entryID, place, _ := splitPlaceID(id)
	if settled != "" {
		entryID, place = settled, 0
	}
	e, err := parseEntry(entryID, r.fields())
	if err != nil || r.err != nil {
		return Match{}, errors.Join(r.err, err)
	}
	if e.kind != Matched || place >= e.places() || e.placeID(place) != id {
		return Match{}, ErrNotFound
	}
	return *e.match(place), nil
}

// decodeFallenApart reads the entries that say whom a match that fell apart cancelled, and whom it restored.
func decodeFallenApart(r *reply, id, settled string) (Match, error) {
	match := Match{ID: id, Room: roomOf(id), State: Cancelled}
	names := strings.Split(settled, "\t")
	if len(names) < 3 {
		r.failf("match %s was settled as %q", id, settled)
		return Match{}, r.err
	}
	var entries []entry
	for _, name := range names[:2] {
		if name == "" {
			continue
		}
		e, err := parseEntry(name, r.fields())
		if err != nil || r.err != nil {
			return Match{}, errors.Join(r.err, err)
		}
		entries = append(entries, e)
	}
	for _, ticketID := range names[2:] {
		for i := range entries {
			if t, ok := entries[i].find(ticketID); ok {
				match.Tickets = append(match.Tickets, t)
				match.Queue, match.MadeAt = t.Queue, entries[i].at
			}
		}
	}
	return match, nil
}

// settleOverdue runs settle.lua once and says whether there is more to settle.
func (m *Matcher) settleOverdue(ctx context.Context) (more bool, err error) {
	return within(ctx, m, nil, func(ctx context.Context) (bool, error) {
		k := &m.keys
		keys := []string{k.meta, k.tickets, k.due, k.events, k.counters, k.tombstones, k.held, k.proposals, k.deadlines}
		r, err := m.write(ctx, m.scripts.settle, keys,
			m.cfg.intervalMS(), m.cfg.ReadyTimeout.Milliseconds(), max(1, m.cfg.Limit/m.cfg.Size))
		if err != nil {
			return false, err
		}
		r.number()
		more := r.number() == 1
		return more, r.err
	})
}
