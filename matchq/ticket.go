package matchq

import (
	"encoding/json"
	"time"
)

// State is where a ticket stands.
type State string

// A ticket waits until it ends in exactly one of the states Matched, Cancelled and Expired. If Config.ReadyTimeout is
// set it is Proposed before it is Matched, and may come to wait again from there: the event of that is Restored.
const (
	Waiting   State = "waiting"
	Proposed  State = "proposed"
	Matched   State = "matched"
	Cancelled State = "cancelled"
	Expired   State = "expired"
	Restored  State = "restored" // only of events
)

// Ticket is one player's request to be matched.
type Ticket struct {
	ID          string
	Queue       string
	Player      string
	Rating      float64         // 0 unless the request had one
	Attributes  json.RawMessage // as the request had them, without white space; nil if none
	ReplyTo     string          // as the request had it
	WhileOnline bool            // as the request had it
	State       State
	Version     int           // grows with each change of State, from 1
	EnqueuedAt  time.Time     // by Redis's clock, as all times
	ExpiresAt   time.Time     // zero if it never does
	EndedAt     time.Time     // zero while it waits or is proposed
	Waited      time.Duration // until it ended, or until now
	Reason      string        // why it was cancelled
	Match       *Match        // of a proposed or matched ticket, where it is read by Ticket or TicketOf
	Repeated    bool          // of what Enqueue and EnqueueAll return: the ID that the request chose was known already
}

// Match is a group of tickets put together.
type Match struct {
	ID      string
	Queue   string
	Room    string    // a name for the place where they play; not a secret
	Tickets []Ticket  // Config.Size of them, in the order the policy gave
	MadeAt  time.Time // when it came to its State, by Redis's clock

	// State is Proposed until all have accepted, if Config.ReadyTimeout is set; then Matched, as it is at once
	// otherwise; or Cancelled if somebody did not accept. Its tickets then say for whom that was the end.
	State    State
	Deadline time.Time // of a proposed match: until when all have to Accept it
	Accepted []string  // of a proposed match: the players who have; not in events
}

// Players returns the players of a match in the order of its tickets.
func (m *Match) Players() []string {
	players := make([]string, len(m.Tickets))
	for i := range m.Tickets {
		players[i] = m.Tickets[i].Player
	}
	return players
}
