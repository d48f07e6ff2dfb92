package presence

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Connection is where a player is connected.
type Connection struct {
	Player string
	Node   string // NodeConfig.ID of the node
	ID     string // as Connect named it
	Data   string // as Connect or SetData had it
	Away   bool   // the connection has ended, and the player may come back within the node's grace
}

// NodeInfo describes a node whose lease runs.
type NodeInfo struct {
	ID          string
	Version     string    // NodeConfig.Version
	Note        string    // of NodeConfig.Note, when it last renewed its lease
	Started     time.Time // when Join made it, by the node's clock
	Connections int       // when it last renewed its lease
	LeaseEnds   time.Time // by Redis's clock
}

// maxPlayers is how many players a call to Redis takes.
const maxPlayers = 128

var onlineScript = space.Bind[onlineArgs]("presence/online")

type onlineArgs struct {
	Rows []onlineRow `lua:"row"`
}

type onlineRow struct {
	Player string `lua:"player"`
}

// Online returns where players are connected, in their order. A player is nil if none of their connections holds, and
// none ended less than the grace ago. It takes a call to Redis for each 128 players.
//
// Errors: matchq.ErrUnavailable.
func (p *Presence) Online(ctx context.Context, players ...string) ([]*Connection, error) {
	found := make([]*Connection, 0, len(players))
	for some := range slices.Chunk(players, maxPlayers) {
		connections, err := p.online(ctx, some)
		if err != nil {
			return nil, err
		}
		found = append(found, connections...)
	}
	return found, nil
}

// online is Online for at most maxPlayers.
func (p *Presence) online(ctx context.Context, players []string) ([]*Connection, error) {
	args := onlineArgs{Rows: make([]onlineRow, len(players))}
	for i, player := range players {
		args.Rows[i].Player = player
	}
	r, err := onlineScript.Call(ctx, p.space, args)
	if err != nil {
		return nil, err
	}
	found := make([]*Connection, len(players))
	for i, player := range players {
		found[i] = parseConnection(player, r.Text())
	}
	return found, r.Err
}

// parseConnection reads a value of the online hash; nil if it is none. lua/lib/presence.lua has its grammar.
func parseConnection(player, value string) *Connection {
	fields := strings.SplitN(value, "\t", 4)
	if len(fields) != 4 {
		return nil
	}
	return &Connection{Player: player, Node: fields[1], ID: fields[2], Data: fields[3], Away: fields[0] != "0"}
}

var nodesScript = space.Bind[nodesArgs]("presence/nodes")

type nodesArgs struct{}

// Nodes returns the nodes whose lease runs, at most 1,000. Errors: matchq.ErrUnavailable.
func (p *Presence) Nodes(ctx context.Context) ([]NodeInfo, error) {
	r, err := nodesScript.Call(ctx, p.space, nodesArgs{})
	if err != nil {
		return nil, err
	}
	return decodeNodes(r)
}

func decodeNodes(r *space.Reply) ([]NodeInfo, error) {
	var nodes []NodeInfo
	for r.More() {
		info := NodeInfo{ID: r.Text(), LeaseEnds: time.UnixMilli(r.Number())}
		info.parse(r.Text())
		nodes = append(nodes, info)
	}
	return nodes, r.Err
}

// text is how a node's info is stored. presence/heartbeat.lua reads the length of the lease, which comes first. A note is
// seldom, and stands last: nodes without notes take it for a part of the version.
func (i *NodeInfo) text(lease time.Duration) string {
	text := strings.Join([]string{
		strconv.FormatInt(lease.Milliseconds(), 10), strconv.FormatInt(i.Started.UnixMilli(), 10),
		strconv.Itoa(i.Connections), i.Version,
	}, "\t")
	if i.Note == "" || len(i.Note) > maxNote || !utf8.ValidString(i.Note) || strings.ContainsFunc(i.Note, unicode.IsControl) {
		return text
	}
	return text + "\t" + i.Note
}

const maxNote = 512 // bytes

// parse reverses text. It leaves out fields that it can't read: a node of another version may have written them.
func (i *NodeInfo) parse(text string) {
	fields := strings.SplitN(text, "\t", 5)
	if len(fields) < 4 {
		return
	}
	if ms, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
		i.Started = time.UnixMilli(ms)
	}
	if n, err := strconv.Atoi(fields[2]); err == nil {
		i.Connections = n
	}
	i.Version = fields[3]
	if len(fields) > 4 {
		i.Note = fields[4]
	}
}
