package notify

import (
	"encoding/json"
	"strconv"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// The events about a player's ticket.
const (
	StatusEvent   = "match_status"
	ProposedEvent = "match_proposed" // asks the player to accept a match
	AssignedEvent = "match_assigned" // says where a match is played
)

type queuedPayload struct {
	Status     string  `json:"status"`
	TicketID   string  `json:"ticketId"`
	Queue      wire.ID `json:"queue"`
	Waiting    *int    `json:"waiting,omitempty"`
	NextTickMs *int64  `json:"nextTickMs,omitempty"`
}

// Queued is the payload for a ticket that waits. queue is nil if Redis went away before its state was read.
func Queued(t *matchq.Ticket, queue *matchq.Queue) any {
	p := queuedPayload{Status: "PUSHED_TO_QUEUE", TicketID: t.ID, Queue: wire.QueueID(t)}
	if queue != nil {
		p.Waiting = &queue.Waiting
		p.NextTickMs = NextTickMs(queue)
		if p.NextTickMs == nil { // the queue was visited since, and there is a match or a proposal
			p.NextTickMs = new(int64)
		}
	}
	return p
}

// NextTickMs is the time until a queue is visited; nil if no visit is due.
func NextTickMs(queue *matchq.Queue) *int64 {
	if queue.NextTick.IsZero() {
		return nil
	}
	ms := queue.NextTickIn.Milliseconds()
	return &ms
}

type duplicatePayload struct {
	Status   string  `json:"status"`
	TicketID string  `json:"ticketId"`
	Queue    wire.ID `json:"queue"`
}

// Duplicated is the payload for a player who has a live ticket already.
func Duplicated(live *matchq.Ticket) any {
	return duplicatePayload{"DUPLICATED_USER_ID", live.ID, wire.QueueID(live)}
}

type endedPayload struct {
	Status   string  `json:"status"`
	TicketID string  `json:"ticketId"`
	Queue    wire.ID `json:"queue,omitzero"`
	Reason   string  `json:"reason,omitempty"`
}

// reasonRequested is the reason of a cancelled ticket without one: a client cancelled it.
const reasonRequested = "requested"

type userPayload struct {
	ID         wire.ID         `json:"id"`
	SID        string          `json:"sid"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
}

type assignmentPayload struct {
	Connection string          `json:"connection"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// assignmentOf says where a match is played; nil while that is not known.
func assignmentOf(match *matchq.Match) *assignmentPayload {
	if match.Assignment == nil {
		return nil
	}
	return &assignmentPayload{match.Assignment.Connection, match.Assignment.Data}
}

// matchNews is the part of a match's message that is the same for all players, encoded once.
type matchNews struct{ shared []byte }

// matchNews encodes it. sids are the known connections of the players. roomId comes before what clients wrote: quiz.Told
// relies on that.
func (n *Notifier) matchNews(match *matchq.Match, sids map[string]string) matchNews {
	shared := wire.Encode(struct {
		MatchID  string             `json:"matchId"`
		RoomID   string             `json:"roomId"`
		Question []questions.Public `json:"question"`
		Status   string             `json:"status"`

		Assignment *assignmentPayload `json:"assignment,omitempty"`
	}{match.ID, match.Room, n.preview(match), "MATCHED", assignmentOf(match)})
	shared = shared[:len(shared)-1] // more follows
	for i := range match.Tickets {
		other := &match.Tickets[i]
		u := userPayload{ID: wire.PlayerID(other), SID: sids[other.Player], Attributes: other.Attributes}
		if u.SID == "" {
			u.SID = wire.OriginOf(other).SID
		}
		shared = append(strconv.AppendInt(append(shared, `,"user`...), int64(i+1), 10), `":`...)
		shared = append(shared, wire.Encode(u)...)
	}
	if rules := wire.RulesOf(match); rules != nil {
		shared = append(append(shared, `,"rules":`...), wire.Encode(rules)...)
	}
	return matchNews{shared}
}

// payloadFor is the payload for the player of t: only the form of the queue's id and the wait are the player's own.
func (m matchNews) payloadFor(t *matchq.Ticket) json.RawMessage {
	queue, _ := wire.QueueID(t).MarshalJSON()
	const names, digits = len(`,"questionaireId":,"waitedMs":}`), 20
	payload := make([]byte, 0, len(m.shared)+len(queue)+names+digits)
	payload = append(append(append(payload, m.shared...), `,"questionaireId":`...), queue...)
	payload = strconv.AppendInt(append(payload, `,"waitedMs":`...), t.Waited.Milliseconds(), 10)
	return append(payload, '}')
}

// preview returns the questions that come with a match.
func (n *Notifier) preview(match *matchq.Match) []questions.Public {
	if n.Preview != nil {
		if asked := n.Preview(match.Queue, match.Room); asked != nil {
			return asked
		}
	}
	return []questions.Public{}
}
