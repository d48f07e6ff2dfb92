package matchq

import "time"

// Event says what became of a ticket, or of the tickets of a match.
type Event struct {
	ID      string // its position: Watch goes on after it
	Kind    State  // Matched, Cancelled or Expired; with Config.ReadyTimeout also Proposed, and Restored for who waits again
	At      time.Time
	Match   *Match  // of a Proposed or Matched event, with its tickets
	Ticket  *Ticket // of the others
	Reason  string  // of a Cancelled or Restored event: why
	MatchID string  // of all events about a match; of a Cancelled or Restored one that which fell apart, "" if there was none
}

// Tickets returns the tickets that the event is about.
func (e *Event) Tickets() []Ticket {
	if e.Match != nil {
		return e.Match.Tickets
	}
	return []Ticket{*e.Ticket}
}

// event is the event at a place of an entry.
func (e *entry) event(place int) Event {
	ev := Event{ID: placeID(e.id, place), Kind: e.kind, At: e.at, Reason: e.reason, MatchID: e.matchID}
	if e.kind == Matched || e.kind == Proposed {
		ev.Match = e.match(place)
		ev.MatchID = ev.Match.ID
	} else {
		ev.Ticket = &e.tickets[place]
	}
	return ev
}
