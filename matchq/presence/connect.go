package presence

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Connect says that a player is connected to this node from now on. conn names the connection and must be globally
// unique: a name as of a player. data comes back as Connection.Data, up to MaxData bytes. An older connection of the
// player, on any node, is replaced: OnReplaced is called there.
//
// before is the player's connection until now, nil if there was none. Use Presence.Mailbox to send messages again that the
// player missed meanwhile: the new connection hears those that come after it.
//
// Safe to repeat, though before is lost then. After an error the player is not connected by this connection: repeat the
// call, or close the connection. Errors: *matchq.InvalidError, ErrClosed, *matchq.ConfigError, matchq.ErrUnavailable.
func (n *Node) Connect(ctx context.Context, player, conn, data string) (before *Connection, err error) {
	all, err := n.ConnectAll(ctx, []NewConnection{{player, conn, data}})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// NewConnection is a connection of which ConnectAll tells Redis.
type NewConnection struct {
	Player, Conn string
	Data         string
}

// MaxConnect is the most connections of one ConnectAll: 128.
const MaxConnect = maxPlayers

// ConnectAll is Connect for at most MaxConnect players in one call to Redis, each of them named once. It returns the
// connection of each until now, in their order. An error is about all of them: none is connected.
func (n *Node) ConnectAll(ctx context.Context, all []NewConnection) (before []*Connection, err error) {
	if err := checkConnections(all); err != nil || len(all) == 0 {
		return nil, err
	}
	if err := n.needLease(ctx); err != nil {
		return nil, err
	}
	defer n.lock(all)()
	attached := make([]*attachment, 0, len(all))
	abort := func() {
		for _, a := range attached {
			n.table.abort(a)
		}
		n.wakeRun()
	}
	for _, c := range all {
		a, err := n.table.attach(c.Player, c.Conn, c.Data)
		if err != nil {
			abort()
			return nil, err
		}
		attached = append(attached, a)
	}
	rows, err := n.announce(ctx, true, attached)
	if err != nil {
		abort()
		return nil, err
	}
	before = make([]*Connection, len(all))
	for i, a := range attached {
		if replaced := n.table.connected(a, rows[i].newest); replaced != "" {
			n.cfg.OnReplaced(a.player, replaced)
		}
		if old := rows[i].before; old != nil && (old.Node != n.cfg.ID || old.ID != a.conn) {
			before[i] = old
		}
	}
	if n.table.needsRun() {
		n.wakeRun()
	}
	return before, nil
}

func checkConnections(all []NewConnection) error {
	if len(all) > MaxConnect {
		return &matchq.InvalidError{Field: "connections", Problem: fmt.Sprintf("must be at most %d, not %d", MaxConnect, len(all))}
	}
	players := make(map[string]bool, len(all))
	for _, c := range all {
		if err := matchq.CheckName("player", c.Player); err != nil {
			return err
		}
		if err := matchq.CheckName("connection", c.Conn); err != nil {
			return err
		}
		if err := checkData(c.Data); err != nil {
			return err
		}
		if players[c.Player] {
			return &matchq.InvalidError{Field: "player", Problem: "must not be named twice: " + strconv.Quote(c.Player)}
		}
		players[c.Player] = true
	}
	return nil
}

// lock has others wait who connect one of some players.
func (n *Node) lock(all []NewConnection) (unlock func()) {
	var lanes []uint32
	for _, c := range all {
		lanes = append(lanes, shard(c.Player))
	}
	slices.Sort(lanes) // all callers lock in one order
	lanes = slices.Compact(lanes)
	for _, lane := range lanes {
		n.connecting[lane].Lock()
	}
	return func() {
		for _, lane := range lanes {
			n.connecting[lane].Unlock()
		}
	}
}

// shard is a player's place among the connecting locks.
func shard(player string) uint32 { return space.Hash(player) % 64 }

// Start returns the end of the player's mailbox at the time when a connection to this node was made: a seq after which Mailbox
// returns all that the connection was to hear, "0-0" if the mailbox was empty. It is "" if the connection is not the
// player's.
func (n *Node) Start(player, conn string) (seq string) {
	seq, ok := n.table.start(player, conn)
	if ok && seq == "" {
		return emptyMailbox
	}
	return seq
}

var connectScript = space.Bind[connectArgs]("presence/connect")

type connectArgs struct {
	Node    string       `lua:"node"`
	Channel string       `lua:"channel"`
	IsNew   bool         `lua:"is_new"`
	Rows    []connection `lua:"row"`
}

// announced is what presence/connect.lua returns of a player.
type announced struct {
	before *Connection
	newest string // seq of the newest message in the mailbox, "" if there is none
}

// announce tells Redis that players are connected here.
func (n *Node) announce(ctx context.Context, isNew bool, some []*attachment) ([]announced, error) {
	r, err := connectScript.Call(ctx, n.p.space, connectArgs{
		Node: n.cfg.ID, Channel: n.p.space.Channel(""), IsNew: isNew, Rows: n.table.connections(some),
	})
	if err != nil {
		return nil, err
	}
	rows := make([]announced, len(some))
	for i, a := range some {
		rows[i] = announced{before: parseConnection(a.player, r.Text()), newest: r.Text()}
	}
	return rows, r.Err
}
