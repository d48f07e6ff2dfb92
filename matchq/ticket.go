package matchq

import (
	"encoding/json"
	"time"
)

// State is where a ticket stands.
type State string

// A ticket waits until it ends in exactly one of the other states.
const (
	Waiting   State = "waiting"
	Matched   State = "matched"
	Cancelled State = "cancelled"
	Expired   State = "expired"
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
	EndedAt     time.Time     // zero while it waits
	Waited      time.Duration // until it ended, or until now
	Reason      string        // why it was cancelled
	Match       *Match        // of a matched ticket, where it is read by Ticket or TicketOf
}

// Match is a group of tickets put together.
type Match struct {
	ID      string
	Queue   string
	Room    string    // a name for the place where they play; not a secret
	Tickets []Ticket  // Config.Size of them, in the order the policy gave
	MadeAt  time.Time // by Redis's clock
}

// Players returns the players of a match in the order of its tickets.
func (m *Match) Players() []string {
	players := make([]string, len(m.Tickets))
	for i := range m.Tickets {
		players[i] = m.Tickets[i].Player
	}
	return players
}
