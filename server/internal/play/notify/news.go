package notify

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// News is a message to a player about a ticket. Its key keeps the player from hearing it twice: by an answer and a
// push, or from two nodes.
type News struct {
	Key, Event string
	Data       json.RawMessage
}

type proposedPayload struct {
	MatchID    string    `json:"matchId"`
	Queue      wire.ID   `json:"queue"`
	Players    []wire.ID `json:"players"`
	DeadlineMs int64     `json:"deadlineMs"`
}

// Proposed asks the player of t to accept a match within the time that is left.
func Proposed(t *matchq.Ticket, match *matchq.Match) News {
	now := t.EnqueuedAt.Add(t.Waited) // by Redis's clock, as the deadline is
	p := proposedPayload{MatchID: match.ID, Queue: wire.QueueID(t), DeadlineMs: max(0, match.Deadline.Sub(now).Milliseconds())}
	for i := range match.Tickets {
		p.Players = append(p.Players, wire.PlayerID(&match.Tickets[i]))
	}
	return News{t.ID + ".proposed." + strconv.Itoa(t.Version), ProposedEvent, wire.Encode(p)}
}

// Restored says that a ticket waits again in its old place.
func Restored(t *matchq.Ticket, reason string) News {
	return News{t.ID + ".restored." + strconv.Itoa(t.Version), StatusEvent, wire.Encode(endedPayload{"RESTORED", t.ID, wire.QueueID(t), reason})}
}

type assignedPayload struct {
	MatchID string `json:"matchId"`
	*assignmentPayload
}

// Assigned says where a match is played.
func Assigned(t *matchq.Ticket, match *matchq.Match, eventID string) News {
	return News{t.ID + ".assigned." + eventID, AssignedEvent, wire.Encode(assignedPayload{match.ID, assignmentOf(match)})}
}

// IsReleased reports whether a ticket's match was released: there is nothing to play, and the successor has news of its own.
func IsReleased(t *matchq.Ticket) bool { return t.Match != nil && t.Match.Released != nil }

// released says that the successor of a ticket waits, since its match can't be played.
func released(t *matchq.Ticket, reason string) News { return waitsAgain(t.Successor, t, reason) }

// waitsAgain says that a ticket waits since the match of another could not be played. t is either of the two.
func waitsAgain(id string, t *matchq.Ticket, reason string) News {
	return News{sessions.QueuedKey(id), StatusEvent, wire.Encode(endedPayload{"RESTORED", id, wire.QueueID(t), reason})}
}

// EndKey is the key of the news that a ticket has ended.
func EndKey(t *matchq.Ticket) string {
	if t.Reason == quiz.Lost {
		return sessions.LostKey(t.ID)
	}
	return sessions.EndKey(t.ID)
}

// Ended says how a ticket ended. If Redis is away, the news names the connections by which the players asked for the
// match.
func (n *Notifier) Ended(ctx context.Context, t *matchq.Ticket) News {
	if t.Match == nil {
		return unmatched(t)
	}
	sids, _ := n.Sessions.SIDs(ctx, t.Match.Players()...)
	return n.matchNews(t.Match, sids).to(t)
}

// to is the news for the player of a ticket.
func (m matchNews) to(t *matchq.Ticket) News { return News{EndKey(t), StatusEvent, m.payloadFor(t)} }

// unmatched says how a ticket ended without a match.
func unmatched(t *matchq.Ticket) News {
	payload := endedPayload{"CANCELLED", t.ID, wire.QueueID(t), t.Reason}
	switch {
	case t.State == matchq.Expired:
		payload = endedPayload{"EXPIRED", t.ID, wire.QueueID(t), ""}
	case t.Reason == "":
		payload.Reason = reasonRequested
	}
	return News{EndKey(t), StatusEvent, wire.Encode(payload)}
}
