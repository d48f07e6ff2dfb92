package matchq

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How tickets and events are written down; lua/lib/record.lua and lua/lib/entry.lua say the same for the scripts.
// Fields are separated by tabs and lines by newlines, which neither names nor compact JSON contain.

// neverMS stands for Never where a time to live is stored.
const neverMS = int64(maxDuration / time.Millisecond)

// body is a ticket's record without the time it expires, which Redis puts in front of it.
func body(t *Ticket, ttlMS int64) string {
	rating := ""
	if t.Rating != 0 {
		rating = strconv.FormatFloat(t.Rating, 'g', -1, 64)
	}
	ttl := strconv.FormatInt(ttlMS, 10)
	if t.WhileOnline {
		ttl += "!"
	}
	return t.Queue + "\t" + ttl + "\t" + t.Player + "\t" + rating + "\t" + t.ReplyTo + "\t" + string(t.Attributes)
}

// isRecord tells a waiting ticket's value from an outcome, which begins with a letter.
func isRecord(value string) bool {
	return value != "" && value[0] >= '0' && value[0] <= '9'
}

// parseRecord reads a record as a waiting ticket.
func parseRecord(id, record string) (Ticket, error) {
	fields := strings.SplitN(record, "\t", 7)
	if len(fields) != 7 {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: record has %d fields of 7", id, len(fields))
	}
	expires, err1 := strconv.ParseInt(fields[0], 10, 64)
	digits, whileOnline := strings.CutSuffix(fields[2], "!")
	ttl, err2 := strconv.ParseInt(digits, 10, 64)
	if err1 != nil || err2 != nil {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: record has no times", id)
	}
	t := Ticket{
		ID: id, Queue: fields[1], Player: fields[3], ReplyTo: fields[5], WhileOnline: whileOnline,
		State: Waiting, Version: 1, EnqueuedAt: time.UnixMilli(expires - ttl),
	}
	if ttl != neverMS {
		t.ExpiresAt = time.UnixMilli(expires)
	}
	if fields[4] != "" {
		if t.Rating, err1 = strconv.ParseFloat(fields[4], 64); err1 != nil {
			return Ticket{}, fmt.Errorf("matchq: ticket %s: rating: %w", id, err1)
		}
	}
	if fields[6] != "" {
		t.Attributes = json.RawMessage(fields[6])
	}
	return t, nil
}

// waitingTicket is a ticket as it waits at some time of Redis's clock.
func waitingTicket(id, record string, nowMS int64) (Ticket, error) {
	t, err := parseRecord(id, record)
	t.Waited = max(0, time.UnixMilli(nowMS).Sub(t.EnqueuedAt))
	return t, err
}

// entry is one entry of the event stream: how up to some hundred tickets ended.
type entry struct {
	id      string
	kind    State
	size    int // tickets a match; 1 where nobody was matched
	reason  string
	tickets []Ticket
	at      time.Time
}

// parseEntry reads the fields of an entry.
func parseEntry(id string, fields map[string]string) (entry, error) {
	e := entry{id: id, kind: State(fields["kind"]), reason: fields["reason"]}
	at, err := strconv.ParseInt(fields["at"], 10, 64)
	if err != nil {
		return e, fmt.Errorf("matchq: entry %q has no time", id)
	}
	e.at = time.UnixMilli(at)
	if e.kind != Matched && e.kind != Cancelled && e.kind != Expired {
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
		t.State, t.Version, t.Reason, t.EndedAt = e.kind, 2, e.reason, e.at
		t.Waited = max(0, e.at.Sub(t.EnqueuedAt))
		e.tickets = append(e.tickets, t)
	}
	if len(e.tickets) == 0 || len(e.tickets)%e.size != 0 {
		return e, fmt.Errorf("matchq: entry %s has %d tickets in matches of %d", id, len(e.tickets), e.size)
	}
	return e, nil
}

// places is how many matches, or single tickets, an entry tells of.
func (e *entry) places() int { return len(e.tickets) / e.size }

// placeID names one of them. It is the id of a match and of an event.
func placeID(entryID string, place int) string { return entryID + "-" + strconv.Itoa(place) }

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
	id := placeID(e.id, place)
	return &Match{ID: id, Queue: tickets[0].Queue, Room: "room-" + id, Tickets: tickets, MadeAt: e.at}
}

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

// outcomeEntry is the id of the entry that an outcome names.
func outcomeEntry(outcome string) string {
	_, place, _ := strings.Cut(outcome, "\t")
	if cut := strings.LastIndexByte(place, '-'); cut > 0 {
		return place[:cut]
	}
	return ""
}

// outcomeState is what an outcome says became of its ticket.
func outcomeState(outcome string) State {
	letter, _, _ := strings.Cut(outcome, "\t")
	for _, s := range []State{Matched, Cancelled, Expired} {
		if letter == string(s[:1]) {
			return s
		}
	}
	return ""
}
