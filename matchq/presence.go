package matchq

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Disconnected is the reason of a ticket that was cancelled because its player was no longer online.
const Disconnected = "disconnected"

// Connection is where a player is connected.
type Connection struct {
	Player string
	Node   string
	ID     string
	Data   string // as Arrive or Note had it
	Away   bool   // the connection has ended, and the player may come back within the node's grace
}

// NodeInfo is what a node says of itself.
type NodeInfo struct {
	ID          string
	Version     string
	Started     time.Time // by the node's clock
	Connections int       // when it last renewed its lease
	LeaseEnds   time.Time // by Redis's clock
}

// Online returns where players are connected, in their order, nil for those who are not: nobody holds a connection of
// theirs, and none ended less than the grace ago. Errors: ErrUnavailable.
func (m *Matcher) Online(ctx context.Context, players ...string) ([]*Connection, error) {
	found := make([]*Connection, 0, len(players))
	for len(players) > 0 {
		some := players[:min(len(players), mostPlayers)]
		connections, err := m.online(ctx, some)
		if err != nil {
			return nil, err
		}
		found = append(found, connections...)
		players = players[len(some):]
	}
	return found, nil
}

// mostPlayers is how many players a call about presence takes.
const mostPlayers = 128

func (m *Matcher) online(ctx context.Context, players []string) ([]*Connection, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([]*Connection, error) {
		args := make([]any, len(players))
		for i, player := range players {
			args[i] = player
		}
		r, err := m.read(ctx, m.scripts.online, []string{m.keys.online, m.keys.nodes}, args...)
		if err != nil {
			return nil, err
		}
		found := make([]*Connection, len(players))
		for i, player := range players {
			found[i] = parseConnection(player, r.text())
		}
		return found, r.err
	})
}

// parseConnection reads a value of the online hash; nil if it is none.
func parseConnection(player, value string) *Connection {
	fields := strings.SplitN(value, "\t", 4)
	if len(fields) != 4 {
		return nil
	}
	return &Connection{Player: player, Node: fields[1], ID: fields[2], Data: fields[3], Away: fields[0] != "0"}
}

// Nodes returns the nodes whose lease runs, at most 1,000. Errors: ErrUnavailable.
func (m *Matcher) Nodes(ctx context.Context) ([]NodeInfo, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([]NodeInfo, error) {
		r, err := m.read(ctx, m.scripts.nodes, []string{m.keys.nodes, m.keys.nodeInfo})
		if err != nil {
			return nil, err
		}
		var nodes []NodeInfo
		for r.more() {
			info := NodeInfo{ID: r.text(), LeaseEnds: time.UnixMilli(r.number())}
			info.read(r.text())
			nodes = append(nodes, info)
		}
		return nodes, r.err
	})
}

// text is how a node's info is stored; beat.lua reads the lease.
func (i *NodeInfo) text(lease time.Duration) string {
	return fmt.Sprintf("%d\t%d\t%d\t%s", lease.Milliseconds(), i.Started.UnixMilli(), i.Connections, i.Version)
}

func (i *NodeInfo) read(text string) {
	fields := strings.SplitN(text, "\t", 4)
	if len(fields) != 4 {
		return
	}
	if ms, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
		i.Started = time.UnixMilli(ms)
	}
	i.Connections, _ = strconv.Atoi(fields[2]) // of another version, perhaps
	i.Version = fields[3]
}
