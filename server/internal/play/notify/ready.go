package notify

import (
	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// ProposedEvent is the event that asks a player to accept a match.
const ProposedEvent = "match_proposed"

type proposed struct {
	MatchID    string    `json:"matchId"`
	Queue      wire.ID   `json:"queue"`
	Players    []wire.ID `json:"players"`
	DeadlineMs int64     `json:"deadlineMs"`
}

// Proposed asks the player of t to accept a match, and says how long there is for it.
func Proposed(t *matchq.Ticket, match *matchq.Match) any {
	now := t.EnqueuedAt.Add(t.Waited) // by Redis's clock, as the deadline is
	p := proposed{MatchID: match.ID, Queue: wire.QueueID(t), DeadlineMs: max(0, match.Deadline.Sub(now).Milliseconds())}
	for i := range match.Tickets {
		p.Players = append(p.Players, wire.PlayerID(&match.Tickets[i]))
	}
	return p
}

// Restored says that a ticket waits again, where and since when it did.
func Restored(t *matchq.Ticket, reason string) any {
	return ended{"RESTORED", t.ID, wire.QueueID(t), reason}
}
