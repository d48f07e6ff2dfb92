package matchq

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
)

// State is the state of a ticket, or the kind of an event.
type State string

// A ticket waits until it ends in exactly one of the states Matched, Cancelled and Expired. If the rules have a ready
// check it is Proposed before it is Matched, and may wait again after that: the event is Restored.
const (
	Waiting   State = codec.Waiting
	Proposed  State = codec.Proposed
	Matched   State = codec.Matched
	Cancelled State = codec.Cancelled
	Expired   State = codec.Expired
	Restored  State = codec.Restored // only of events
	Assigned  State = codec.Assigned // only of events: a match got an assignment
	Released  State = codec.Released // only of events: a match was released

	RulesChanged State = codec.RulesChanged // only of events, which concern no ticket
)

// Ended says whether a state is final: Matched, Cancelled or Expired.
func (s State) Ended() bool { return s == Matched || s == Cancelled || s == Expired }

// Reasons that the library gives to cancelled tickets, and to the events of restored ones.
const (
	ReasonVoid         = "void"         // the enqueue had no answer
	ReasonDrained      = "drained"      // Drain
	ReasonDeclined     = "declined"     // the player declined the match
	ReasonNoAnswer     = "no_answer"    // the player did not accept in time
	ReasonDisconnected = "disconnected" // the player of a WhileOnline ticket was no longer online
	ReasonReleased     = "released"     // Release, without a reason of its own
)

// Ticket is one player's request to be matched.
type Ticket struct {
	ID          string
	Queue       string
	Player      string
	Rating      *float64        // that of the request; nil if it had none
	Attributes  json.RawMessage // those of the request, without white space; nil if none
	ReplyTo     string          // that of the request
	WhileOnline bool            // that of the request
	State       State
	Version     int           // grows with each change of State, from 1
	EnqueuedAt  time.Time     // by Redis's clock, as all times
	ExpiresAt   time.Time     // the first tick of its queue after that ends it; zero if it never expires
	EndedAt     time.Time     // zero while it waits or is proposed
	Waited      time.Duration // until it ended, or until now
	EndedAgo    time.Duration // by Redis's clock, where it is read by Ticket or TicketOf; else 0
	Reason      string        // why it was cancelled
	Match       *Match        // of a proposed or matched ticket, where it is read by Ticket or TicketOf
	Successor   string        // id of the new ticket, where the match was released; "" if the player got none
	Predecessor string        // id of the ticket that it succeeds, whose match was released; "" if there is none
	Repeated    bool          // of results of Enqueue and EnqueueAll: the ID that the request chose was known already
}

// Match is a group of tickets put together.
type Match struct {
	ID      string
	Queue   string
	Room    string    // a name for the place where they play; not a secret
	Tickets []Ticket  // Rules.Size of them, in the order of the policy
	MadeAt  time.Time // when it came to its State, by Redis's clock
	Rules   string    // the version of the rules that made it

	// Data is the policy's data about the match, a JSON object of at most 1 KiB; nil for none. rules.EffectsIn reads the
	// effects of built-in rules from it.
	Data json.RawMessage

	// State is Proposed until all have accepted, if the rules have a ready check; then Matched, as it is at once
	// otherwise; or Cancelled if a player did not accept. The tickets of such players are then Cancelled, too.
	State    State
	Deadline time.Time // of a proposed match: until when all must Accept it
	Accepted []string  // of a proposed match: the players who have; not in events

	// Assignment says where the match is played; nil until Assign, and in the Matched event.
	Assignment *Assignment
	// Released says why its players wait again; nil unless Release was called. Its State does not change by that.
	Released *MatchRelease
}

// Players returns the players of a match in the order of its tickets.
func (m *Match) Players() []string {
	players := make([]string, len(m.Tickets))
	for i := range m.Tickets {
		players[i] = m.Tickets[i].Player
	}
	return players
}

// waitingTicket is the ticket of a record, without its times if the record has none yet.
func waitingTicket(id string, r *codec.Record) Ticket {
	t := Ticket{
		ID: id, Queue: r.Queue, Player: r.Player, Rating: r.Rating, ReplyTo: r.ReplyTo, WhileOnline: r.WhileOnline,
		State: Waiting, Version: 1 + 2*r.Restored, Predecessor: r.Predecessor(),
	}
	if r.Attributes != "" {
		t.Attributes = json.RawMessage(r.Attributes)
	}
	if r.ExpiresMS == 0 {
		return t
	}
	t.EnqueuedAt = time.UnixMilli(r.EnqueuedMS())
	if r.TTLMS != codec.NeverMS {
		t.ExpiresAt = time.UnixMilli(r.ExpiresMS)
	}
	return t
}

// parseTicket reads a record as a waiting ticket.
func parseTicket(id, record string) (Ticket, error) {
	r, err := codec.ParseRecord(record)
	if err != nil {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: %w", id, err)
	}
	return waitingTicket(id, &r), nil
}

// liveTicket reads the value of a waiting or proposed ticket at some time of Redis's clock, and the match it is proposed
// for.
func liveTicket(id, value string, nowMS int64) (t Ticket, matchID string, err error) {
	matchID, record, proposed := codec.CutProposed(value)
	if !proposed {
		record = value
	}
	if t, err = parseTicket(id, record); err != nil {
		return t, "", err
	}
	if proposed {
		t.State, t.Version = Proposed, t.Version+1
	}
	t.Waited = max(0, time.UnixMilli(nowMS).Sub(t.EnqueuedAt))
	return t, matchID, nil
}
