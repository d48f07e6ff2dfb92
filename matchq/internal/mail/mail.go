// Package mail is what packages presence and rooms share: messages to players as scripts take them, and where their
// mailboxes are.
package mail

import (
	"encoding/json"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Limits of messages, in bytes of compact JSON.
const (
	MaxMessage = 128 << 10 // of one message
	MaxCall    = 256 << 10 // of all messages of a call to Redis

	maxDepth = 2 * codec.MaxDepth // levels, since messages wrap attributes
)

// OwnKey begins a dedup key that was made for a message without one.
const OwnKey = "~"

// Row is a checked message. The key of its mailbox follows from the player.
type Row struct {
	Player   string `lua:"player"`
	Event    string `lua:"event"`
	DedupKey string `lua:"dedup_key"`
	Data     string `lua:"data"`
}

// NewRow checks a message, compacts its data and gives it a dedup key if it has none. The problem is why the field can't
// be stored, "" if all can.
func NewRow(player, event, dedupKey string, data json.RawMessage) (row Row, field, problem string) {
	row = Row{Player: player, Event: event, DedupKey: dedupKey}
	if row.DedupKey == "" {
		row.DedupKey = OwnKey + space.NewID() // the driver may repeat the call
	}
	for _, name := range []struct{ field, value string }{
		{"player", row.Player}, {"event", row.Event}, {"dedup_key", row.DedupKey},
	} {
		if problem := space.NameProblem(name.value); problem != "" {
			return row, name.field, problem
		}
	}
	row.Data, problem = codec.CompactJSON(data, MaxMessage, maxDepth)
	return row, "data", problem
}

// Mailboxes are the mailboxes of a namespace.
type Mailboxes struct {
	Space  *space.Space
	KeepMS int64 // for which a mailbox is kept after its last message
}

// of is set by Register.
var of func(presence any) Mailboxes

// Register tells how to reach the mailboxes of a presence.Presence, which this package can't know.
func Register(reach func(presence any) Mailboxes) { of = reach }

// Of is the mailboxes of a *presence.Presence, for package rooms.
func Of(presence any) Mailboxes { return of(presence) }
