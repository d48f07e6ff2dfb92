package notify

import (
	"context"
	"strconv"

	"github.com/matchq/matchq/matchq"
)

// What players are told of a ticket has keys, so that nobody is told twice, by an answer and unasked.

// EndKey is the key of a ticket's end.
func EndKey(t *matchq.Ticket) string { return t.ID + ".end" }

// ProposedKey is the key of a ticket's being proposed, this time.
func ProposedKey(t *matchq.Ticket) string { return t.ID + ".proposed." + strconv.Itoa(t.Version) }

// RestoredKey is the key of a ticket's waiting again, this time.
func RestoredKey(t *matchq.Ticket) string { return t.ID + ".restored." + strconv.Itoa(t.Version) }

// SIDs returns what finds the connection that each of some players has now, on any node.
func SIDs(ctx context.Context, m *matchq.Matcher, players []string) (func(player string) string, error) {
	found, err := m.Online(ctx, players...)
	sids := make(map[string]string, len(found))
	for _, c := range found {
		if c != nil && !c.Away {
			sids[c.Player] = c.ID
		}
	}
	return func(player string) string { return sids[player] }, err
}

// SIDsNow is SIDs for the players of a match, if there is one; without Redis they have the connections that they had
// when they asked for a match.
func SIDsNow(ctx context.Context, m *matchq.Matcher, match *matchq.Match) func(player string) string {
	if match == nil {
		return func(string) string { return "" }
	}
	sids, _ := SIDs(ctx, m, match.Players())
	return sids
}
