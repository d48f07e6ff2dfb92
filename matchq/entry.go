package matchq

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// entry is one entry of the event stream: what became of up to some hundred tickets.
type entry struct {
	id       string
	kind     State
	size     int // tickets a match; 1 where each ticket is by itself
	reason   string
	matchID  string // of what a proposal came to: the match that was proposed; else ""
	deadline time.Time
	tickets  []Ticket
	at       time.Time
}

// parseEntry reads the fields of an entry.
func parseEntry(id string, fields map[string]string) (entry, error) {
	e := entry{id: id, kind: State(fields["kind"]), reason: fields["reason"], matchID: fields["match"]}
	at, err := strconv.ParseInt(fields["at"], 10, 64)
	if err != nil {
		return e, fmt.Errorf("matchq: entry %q has no time", id)
	}
	e.at = time.UnixMilli(at)
	switch e.kind {
	case Restored, Matched, Cancelled, Expired:
	case Proposed:
		deadline, err := strconv.ParseInt(fields["deadline"], 10, 64)
		if err != nil {
			return e, fmt.Errorf("matchq: entry %s has no deadline", id)
		}
		e.deadline = time.UnixMilli(deadline)
	default:
		return e, fmt.Errorf("matchq: entry %s is of unknown kind %q", id, e.kind)
	}
	if e.size, err = strconv.Atoi(fields["size"]); err != nil || e.size < 1 {
		return e, fmt.Errorf("matchq: entry %s has size %q", id, fields["size"])
	}
	rest := fields["tickets"]
	for rest != "" {
		var ticketID, record string
		ticketID, rest, _ = strings.Cut(rest, "\n")
		record, rest, _ = strings.Cut(rest, "\n")
		t, err := parseRecord(ticketID, record)
		if err != nil {
			return e, fmt.Errorf("entry %s: %w", id, err)
		}
		e.tickets = append(e.tickets, e.became(t))
	}
	if len(e.tickets) == 0 || len(e.tickets)%e.size != 0 {
		return e, fmt.Errorf("matchq: entry %s has %d tickets in matches of %d", id, len(e.tickets), e.size)
	}
	return e, nil
}

// became is a ticket of the entry as it was afterwards.
func (e *entry) became(t Ticket) Ticket {
	t.Waited = max(0, e.at.Sub(t.EnqueuedAt))
	if e.kind == Restored {
		return t // its record says that
	}
	t.State, t.Version = e.kind, t.Version+1
	if e.kind == Proposed {
		return t
	}
	t.Reason, t.EndedAt = e.reason, e.at
	if e.matchID != "" {
		t.Version++ // it was proposed in between
	}
	return t
}

// places is how many matches, or single tickets, an entry tells of.
func (e *entry) places() int { return len(e.tickets) / e.size }

// placeID names one of them. It is the id of a match and of an event.
func placeID(entryID string, place int) string { return entryID + "-" + strconv.Itoa(place) }

// placeID is the id of the match at a place of an entry about matches: the one it was proposed under, if it was.
func (e *entry) placeID(place int) string {
	if e.matchID != "" {
		return e.matchID
	}
	return placeID(e.id, place)
}

// splitPlaceID is the reverse of placeID.
func splitPlaceID(id string) (entryID string, place int, ok bool) {
	cut := strings.LastIndexByte(id, '-')
	if cut <= 0 {
		return "", 0, false
	}
	ms, seq, found := strings.Cut(id[:cut], "-")
	place, err := strconv.Atoi(id[cut+1:])
	return id[:cut], place, err == nil && place >= 0 && found && isDigits(ms) && isDigits(seq)
}

func isDigits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// match is the match at a place of an entry about matches.
func (e *entry) match(place int) *Match {
	tickets := e.tickets[place*e.size : (place+1)*e.size]
	id := e.placeID(place)
	return &Match{
		ID: id, Queue: tickets[0].Queue, Room: roomOf(id), Tickets: tickets, MadeAt: e.at,
		State: e.kind, Deadline: e.deadline,
	}
}

// roomOf names the place where a match is played.
func roomOf(matchID string) string { return "room-" + matchID }

// find is the ticket with an id, with its match if it has one.
func (e *entry) find(id string) (Ticket, bool) {
	for i := range e.tickets {
		if t := e.tickets[i]; t.ID == id {
			if e.kind == Matched {
				t.Match = e.match(i / e.size)
			}
			return t, true
		}
	}
	return Ticket{}, false
}

// outcomeEntry is the id of the entry that an outcome names, "" for other values.
func outcomeEntry(outcome string) string {
	_, place, _ := strings.Cut(outcome, "\t")
	if isRecord(outcome) || strings.Contains(place, "\t") {
		return ""
	}
	if cut := strings.LastIndexByte(place, '-'); cut > 0 {
		return place[:cut]
	}
	return ""
}

// stateOf is what a ticket's value says of it; "" if that is nothing.
func stateOf(value string) State {
	if isRecord(value) {
		return Waiting
	}
	letter, _, _ := strings.Cut(value, "\t")
	for _, s := range []State{Proposed, Matched, Cancelled, Expired} {
		if letter == string(s[:1]) {
			return s
		}
	}
	return ""
}
