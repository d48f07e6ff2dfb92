package matchq

import "time"

// Event is a change of a ticket, of the tickets of a match, or of the rules.
type Event struct {
	ID      string // its position: Watch goes on after it
	Kind    State  // Matched, Cancelled or Expired; with a ready check also Proposed and Restored; Assigned or Released; or RulesChanged
	At      time.Time
	Match   *Match       // of a Proposed, Matched, Assigned or Released event, with its tickets
	Ticket  *Ticket      // of a Cancelled, Expired or Restored event
	Rules   *StoredRules // of a RulesChanged event: pattern, version, source and By, without the rules
	Reason  string       // why, of a Cancelled, Restored or Released event
	MatchID string       // of all events about a match; of a Cancelled or Restored one the match that fell apart, "" if there was none

	// Delivery is which delivery of the event this is, from 1, where Consume hands it over; else 0.
	Delivery int
}

// Tickets returns the tickets that the event is about.
func (e *Event) Tickets() []Ticket {
	switch {
	case e.Match != nil:
		return e.Match.Tickets
	case e.Ticket != nil:
		return []Ticket{*e.Ticket}
	default:
		return nil
	}
}
