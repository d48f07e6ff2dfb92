package matchq

import "time"

// Event says how a ticket ended, or the tickets of a match.
type Event struct {
	ID     string // its position: Watch goes on after it
	Kind   State  // Matched, Cancelled or Expired
	At     time.Time
	Match  *Match  // of a Matched event; its tickets are those that ended
	Ticket *Ticket // of the others
}

// Tickets returns the tickets that ended by the event.
func (e *Event) Tickets() []Ticket {
	if e.Match != nil {
		return e.Match.Tickets
	}
	return []Ticket{*e.Ticket}
}

// event is the event at a place of an entry.
func (e *entry) event(place int) Event {
	ev := Event{ID: placeID(e.id, place), Kind: e.kind, At: e.at}
	if e.kind == Matched {
		ev.Match = e.match(place)
	} else {
		ev.Ticket = &e.tickets[place]
	}
	return ev
}
