package matchq

import "time"

// Event is a change of a ticket, or of the tickets of a match.
type Event struct {
	ID      string // its position: Watch goes on after it
	Kind    State  // Matched, Cancelled or Expired; with Config.ReadyTimeout also Proposed and Restored
	At      time.Time
	Match   *Match  // of a Proposed or Matched event, with its tickets
	Ticket  *Ticket // of the others
	Reason  string  // why, of a Cancelled or Restored event
	MatchID string  // of all events about a match; of a Cancelled or Restored one the match that fell apart, "" if there was none
}

// Tickets returns the tickets that the event is about.
func (e *Event) Tickets() []Ticket {
	if e.Match != nil {
		return e.Match.Tickets
	}
	return []Ticket{*e.Ticket}
}
