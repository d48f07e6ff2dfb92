package matchq

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/codec"
)

// entry is an entry of the event stream with its tickets, as they were afterwards.
type entry struct {
	codec.Entry

	at      time.Time
	ended   time.Time // when its tickets ended, if they did: earlier if it is about an assignment or a release
	tickets []Ticket
	rules   []StoredRules // of an entry about rules
	became  Match         // of an entry about an assignment or a release: the match by then
}

// parseEntry reads the fields of an entry.
func parseEntry(id string, fields map[string]string) (entry, error) {
	stored, err := codec.ParseEntry(id, fields)
	if err != nil {
		return entry{Entry: stored}, err
	}
	e := entry{Entry: stored, at: time.UnixMilli(stored.AtMS)}
	e.ended = e.at
	if e.MadeMS > 0 {
		e.ended = time.UnixMilli(e.MadeMS)
	}
	if e.Kind == codec.RulesChanged {
		return e, e.parseRules()
	}
	e.tickets = make([]Ticket, 0, stored.Count())
	for ticketID, record := range e.Lines() {
		t, err := parseTicket(ticketID, record)
		if err != nil {
			return e, fmt.Errorf("entry %s: %w", id, err)
		}
		e.tickets = append(e.tickets, e.after(t))
	}
	if len(e.tickets) != e.Count() {
		return e, fmt.Errorf("matchq: entry %s ends in the middle of a line", id)
	}
	e.became.Tickets = e.tickets
	return e, e.became.follow(&e.Sequel)
}

// parseMessage reads an entry as the driver returns it.
func parseMessage(message redis.XMessage) (entry, error) {
	fields := make(map[string]string, len(message.Values))
	for name, value := range message.Values {
		fields[name], _ = value.(string)
	}
	return parseEntry(message.ID, fields)
}

// after is a ticket as it was after the entry.
func (e *entry) after(t Ticket) Ticket {
	t.Waited = max(0, e.ended.Sub(t.EnqueuedAt))
	if e.Kind == codec.Restored {
		return t // its record says that
	}
	t.State, t.Version = e.state(), t.Version+1
	if e.Kind == codec.Proposed {
		return t
	}
	t.EndedAt = e.ended
	if t.State != Matched {
		t.Reason = e.Reason
	}
	if e.Proposed {
		t.Version++ // in between
	}
	return t
}

// state is that of the entry's tickets, if they don't wait again.
func (e *entry) state() State {
	if e.Kind == codec.Assigned || e.Kind == codec.Released {
		return Matched
	}
	return State(e.Kind)
}

// parseRules reads an entry about rules.
func (e *entry) parseRules() error {
	for pattern, line := range e.Lines() {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return fmt.Errorf("matchq: entry %s: %q is no change of rules", e.ID, line)
		}
		e.rules = append(e.rules, StoredRules{
			Pattern: pattern, Version: fields[0], Source: RulesSource(fields[1]), By: fields[2], At: e.at,
		})
	}
	if len(e.rules) != e.Count() {
		return fmt.Errorf("matchq: entry %s ends in the middle of a line", e.ID)
	}
	return nil
}

// match is the match at a place of an entry about matches.
func (e *entry) match(place int) *Match {
	first, end := e.Place(place)
	tickets, id := e.tickets[first:end], e.MatchAt(place)
	match := &Match{
		ID: id, Queue: tickets[0].Queue, Room: roomOf(id), Tickets: tickets, MadeAt: e.ended, State: e.state(),
		Rules: e.Rules, Data: dataOf(e.Data(place)), Assignment: e.became.Assignment, Released: e.became.Released,
	}
	if e.Kind == codec.Proposed {
		match.Deadline = time.UnixMilli(e.DeadlineMS)
	}
	return match
}

// event is the event at a place of an entry.
func (e *entry) event(place int) Event {
	ev := Event{ID: codec.PlaceID(e.ID, e.First+place), Kind: State(e.Kind), At: e.at, Reason: e.Reason, MatchID: e.MatchID}
	switch e.Kind {
	case codec.Matched, codec.Proposed, codec.Assigned, codec.Released:
		ev.Match = e.match(place)
		ev.MatchID = ev.Match.ID
	case codec.RulesChanged:
		ev.Rules = &e.rules[place]
	default:
		ev.Ticket = &e.tickets[place]
	}
	return ev
}

// placeOf is the place of the entry that tells of a ticket, -1 if none does.
func (e *entry) placeOf(ticketID string) int {
	for i := range e.tickets {
		if e.tickets[i].ID == ticketID {
			return e.PlaceOf(i)
		}
	}
	return -1
}

// find is the ticket with an id, with its match if it has one.
func (e *entry) find(id string) (Ticket, bool) {
	for i := range e.tickets {
		if t := e.tickets[i]; t.ID == id {
			if e.Kind == codec.Matched {
				t.Match = e.match(e.PlaceOf(i))
			}
			return t, true
		}
	}
	return Ticket{}, false
}

// dataOf is the data of a match; nil for none.
func dataOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// roomOf names the place where a match is played.
func roomOf(matchID string) string { return "room-" + matchID }
