package sessions

import (
	"context"
	"strings"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// connData is the data that Redis keeps with a connection.
type connData struct {
	numericID bool     // the player writes their id as an integer
	client    string   // Session.SetClient
	known     []string // keys of the newest news that the client is sure to have had
}

// encode writes "n" or "s" for the kind of id, with the client after it, then the keys, a line each.
func (d connData) encode() string {
	kind := "s"
	if d.numericID {
		kind = "n"
	}
	return strings.Join(append([]string{kind + d.client}, d.known...), "\n")
}

// dataFor is the data of a session that is to be bound to a player.
func (s *Session) dataFor(id wire.ID) connData {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return connData{numericID: id.Number, client: s.client}
}

func decodeConnData(text string) connData {
	lines := strings.Split(text, "\n")
	client, numeric := strings.CutPrefix(lines[0], "n")
	if !numeric {
		client = strings.TrimPrefix(client, "s")
	}
	return connData{numericID: numeric, client: client, known: lines[1:]}
}

// Player is a player and the player's connection, on any node.
type Player struct {
	ID  wire.ID // as the player writes it; as a string if the player is not connected
	SID string  // of the connection; "" if there is none or it has ended

	Reachable bool // by a message: the player is connected, or away for less than the grace
}

// Online reports whether the player is connected.
func (p Player) Online() bool { return p.SID != "" }

// Find returns the connections of players, in their order. Errors are those of presence.Presence.Online, and of
// gather.Group.Do.
func (r *Registry) Find(ctx context.Context, players ...string) ([]Player, error) {
	if len(players) == 1 {
		c, err := r.finding.Do(ctx, players[0])
		if err != nil {
			return nil, err
		}
		return []Player{playerOf(players[0], c)}, nil
	}
	connections, err := r.presence.Online(ctx, players...)
	if err != nil {
		return nil, err
	}
	found := make([]Player, len(players))
	for i, c := range connections {
		found[i] = playerOf(players[i], c)
	}
	return found, nil
}

func playerOf(name string, c *presence.Connection) Player {
	p := Player{ID: wire.ID{Name: name}, Reachable: c != nil}
	if c != nil && !c.Away {
		p.ID.Number, p.SID = decodeConnData(c.Data).numericID, c.ID
	}
	return p
}

// SIDs returns the connections of those players that are online, by player.
func (r *Registry) SIDs(ctx context.Context, players ...string) (map[string]string, error) {
	found, err := r.Find(ctx, players...)
	sids := make(map[string]string, len(found))
	for _, p := range found {
		if p.Online() {
			sids[p.ID.Name] = p.SID
		}
	}
	return sids, err
}
