// Package status writes match_status, which tells a player by their connection what becomes of their ticket.
package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// Event is the event's name.
const Event = "match_status"

type pushed struct {
	Status     string  `json:"status"`
	TicketID   string  `json:"ticketId"`
	Queue      wire.ID `json:"queue"`
	Waiting    *int    `json:"waiting,omitempty"`
	NextTickMs *int64  `json:"nextTickMs,omitempty"`
}

// Pushed says that a ticket waits. queue is nil if its state is not known, since Redis went away just then.
func Pushed(t *matchq.Ticket, queue *matchq.Queue) any {
	p := pushed{Status: "PUSHED_TO_QUEUE", TicketID: t.ID, Queue: wire.QueueID(t)}
	if queue != nil {
		p.Waiting = &queue.Waiting
		p.NextTickMs = NextTickMs(queue)
		if p.NextTickMs == nil { // the queue was visited since: a match is there, or proposed
			p.NextTickMs = new(int64)
		}
	}
	return p
}

// NextTickMs is how long it is until a queue is visited; nil if no visit is due.
func NextTickMs(queue *matchq.Queue) *int64 {
	if queue.NextTick.IsZero() {
		return nil
	}
	ms := queue.NextTickIn.Milliseconds()
	return &ms
}

type duplicated struct {
	Status   string  `json:"status"`
	TicketID string  `json:"ticketId"`
	Queue    wire.ID `json:"queue"`
}

// Duplicated says that the player has a live ticket already.
func Duplicated(live *matchq.Ticket) any {
	return duplicated{"DUPLICATED_USER_ID", live.ID, wire.QueueID(live)}
}

type ended struct {
	Status   string  `json:"status"`
	TicketID string  `json:"ticketId"`
	Queue    wire.ID `json:"queue,omitzero"`
	Reason   string  `json:"reason,omitempty"`
}

// onRequest is the reason given for tickets that the library knows no other for: somebody asked for it.
const onRequest = "requested"

// Preview returns the questions of a questionnaire that the players of a room get with their match; nil if there are
// none. A nil Preview is of none.
type Preview func(set, room string) []questions.Asked

func (p Preview) of(match *matchq.Match) []questions.Asked {
	if p != nil {
		if asked := p(match.Queue, match.Room); asked != nil {
			return asked
		}
	}
	return []questions.Asked{}
}

// Ended says how a ticket ended. sid returns the connection a player has now, "" if none is known.
func Ended(t *matchq.Ticket, match *matchq.Match, sid func(player string) string, preview Preview) any {
	switch {
	case match != nil:
		return matched(t, match, sid, preview)
	case t.State == matchq.Expired:
		return ended{"EXPIRED", t.ID, wire.QueueID(t), ""}
	case t.Reason == "":
		return ended{"CANCELLED", t.ID, wire.QueueID(t), onRequest}
	default:
		return ended{"CANCELLED", t.ID, wire.QueueID(t), t.Reason}
	}
}

type user struct {
	ID         wire.ID         `json:"id"`
	SID        string          `json:"sid"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
}

// matched is the event for the player of t: user1, user2 and so on are all of the match.
func matched(t *matchq.Ticket, match *matchq.Match, sid func(player string) string, preview Preview) any {
	payload := map[string]any{
		"status": "MATCHED", "matchId": match.ID, "roomId": match.Room,
		"questionaireId": wire.QueueID(t), "question": preview.of(match), "waitedMs": t.Waited.Milliseconds(),
	}
	for i := range match.Tickets {
		other := &match.Tickets[i]
		u := user{ID: wire.PlayerID(other), SID: sid(other.Player), Attributes: other.Attributes}
		if u.SID == "" {
			u.SID = wire.OriginOf(other).SID
		}
		payload["user"+strconv.Itoa(i+1)] = u
	}
	return payload
}

// Encode writes a payload. What it is given are our own types, which can be written. Attributes stay as long as they
// are: a message to a player has its limit.
func Encode(payload any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(payload); err != nil {
		panic(fmt.Sprintf("server: %T can't be written as JSON: %v", payload, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
