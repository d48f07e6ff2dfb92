package status

import (
	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/ids"
)

// ProposedEvent is the event that asks a player to accept a match.
const ProposedEvent = "match_proposed"

type proposed struct {
	MatchID    string   `json:"matchId"`
	Queue      ids.ID   `json:"queue"`
	Players    []ids.ID `json:"players"`
	DeadlineMs int64    `json:"deadlineMs"`
}

// Proposed asks the player of t to accept a match, and says how long there is for it.
func Proposed(t *matchq.Ticket, match *matchq.Match) any {
	now := t.EnqueuedAt.Add(t.Waited) // by Redis's clock, as the deadline is
	p := proposed{MatchID: match.ID, Queue: ids.Queue(t), DeadlineMs: max(0, match.Deadline.Sub(now).Milliseconds())}
	for i := range match.Tickets {
		p.Players = append(p.Players, ids.Player(&match.Tickets[i]))
	}
	return p
}

// Restored says that a ticket waits again, where and since when it did.
func Restored(t *matchq.Ticket, reason string) any {
	return ended{"RESTORED", t.ID, ids.Queue(t), reason}
}
