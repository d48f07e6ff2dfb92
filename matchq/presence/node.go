package presence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

// ErrClosed says that the Node was shut down.
var ErrClosed = errors.New("matchq: the node was shut down")

// MaxData is how many bytes the data of a connection may have.
const MaxData = 4096

// Node tells Redis which players are connected to this process, and hears the messages to them. Any number of nodes share a
// namespace. A player has one connection to all of them together.
//
// Run keeps the node going. Without it the node's players count as gone when its lease ends, and no message is heard. A
// Node is safe for use by many goroutines.
type Node struct {
	p      *Presence
	cfg    NodeConfig
	table  *table
	lease  *lease
	reaper *reaper
	wake   chan struct{} // has Run look at once

	connecting [64]sync.Mutex // by player: Redis and the table must see the connections of a player in one order
	resyncing  sync.Mutex     // one resync at a time
	syncEvery  time.Duration
	tidied     time.Time   // when tidy last ended; used by Run only
	doubted    atomic.Bool // Redis was replaced or emptied
	jumps      int64       // of Redis's clock that are accounted for
	yieldFrom  time.Time   // from when on Redis is believed that a player is connected elsewhere; guarded by resyncing
}

// Join makes a Node. Nothing happens before Connect or Run. The error is a *matchq.InvalidError about cfg.
func (p *Presence) Join(cfg NodeConfig) (*Node, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	n := &Node{
		p: p, cfg: cfg, wake: make(chan struct{}, 1), syncEvery: syncEvery, tidied: time.Now(),
		table: newTable(p.cfg.MailboxKeep, time.Now, cfg.OnMessage),
	}
	n.lease = &lease{space: p.space, node: cfg.ID, length: cfg.Lease, version: cfg.Version, note: cfg.Note, started: time.Now(), size: n.table.size}
	n.reaper = &reaper{
		space: p.space, node: cfg.ID, lease: cfg.Lease, onGone: cfg.OnGone,
		keepLease: n.keepLease, loseLease: n.lease.lose,
	}
	return n, nil
}

// ID is the node's name.
func (n *Node) ID() string { return n.cfg.ID }

// SetData changes the data of a connection to this node. Redis learns of it when the connection ends. It does nothing if
// the connection is not the player's any more, or data has more than MaxData bytes. Safe to repeat.
func (n *Node) SetData(player, conn, data string) {
	if checkData(data) == nil {
		n.table.setData(player, conn, data)
	}
}

func checkData(data string) error {
	if len(data) > MaxData {
		return &matchq.InvalidError{Field: "data", Problem: fmt.Sprintf("must be at most %d bytes, not %d", MaxData, len(data))}
	}
	return nil
}

// Disconnect says that a connection has ended, for any reason. The player's grace begins, unless they have another
// connection by now. Safe to repeat. After an error Run tells Redis as soon as it answers. Errors:
// *matchq.ConfigError, matchq.ErrUnavailable.
func (n *Node) Disconnect(ctx context.Context, player, conn string) error {
	return n.DisconnectAll(ctx, []Connection{{Player: player, ID: conn}})
}

// DisconnectAll is Disconnect for many connections, of which Player and ID count. It takes a call to Redis for each 128.
func (n *Node) DisconnectAll(ctx context.Context, all []Connection) error {
	var ended []*connection
	for _, c := range all {
		if one, tell := n.table.detach(c.Player, c.ID); tell {
			ended = append(ended, one)
		}
	}
	if len(ended) == 0 {
		return nil
	}
	defer n.wakeRun() // to look again when the grace is over
	for some := range slices.Chunk(ended, maxPlayers) {
		if err := n.tellEnded(ctx, some, false); err != nil {
			return err
		}
	}
	return nil
}

// Shutdown says that all connections to this node have ended, and that the node ends too. Afterwards Connect returns
// ErrClosed. Call it before Run ends, or after. Safe to repeat. Errors: *matchq.ConfigError, matchq.ErrUnavailable.
func (n *Node) Shutdown(ctx context.Context) error {
	n.table.close()
	for i := range n.connecting { // a Connect under way has found the node open
		n.connecting[i].Lock()
		n.connecting[i].Unlock() //nolint:staticcheck // to wait for it is all
	}
	// A resync under way may tell Redis of a connection that has ended, and then notes that.
	n.resyncing.Lock()
	n.resyncing.Unlock() //nolint:staticcheck // likewise
	if err := n.flush(ctx); err != nil {
		return err
	}
	return n.tellEnded(ctx, nil, true)
}

var disconnectScript = space.Bind[disconnectArgs]("presence/disconnect")

type disconnectArgs struct {
	Node    string       `lua:"node"`
	GraceMS int64        `lua:"grace_ms"`
	Last    bool         `lua:"last"`
	Rows    []connection `lua:"row"`
}

// flush tells Redis of all connections that have ended.
func (n *Node) flush(ctx context.Context) error {
	for some := n.table.untold(maxPlayers); len(some) > 0; some = n.table.untold(maxPlayers) {
		if err := n.tellEnded(ctx, some, false); err != nil {
			return err
		}
	}
	return nil
}

// tellEnded tells Redis of some connections that have ended. last says that the node ends too.
func (n *Node) tellEnded(ctx context.Context, some []*connection, last bool) error {
	rows := make([]connection, len(some))
	for i, c := range some {
		rows[i] = *c
	}
	r, err := disconnectScript.Call(ctx, n.p.space, disconnectArgs{
		Node: n.cfg.ID, GraceMS: n.cfg.Grace.Milliseconds(), Last: last, Rows: rows,
	})
	if err != nil {
		return err
	}
	r.Number() // how many were connected until now
	if r.Err == nil {
		n.table.told(some)
	}
	return r.Err
}

// wakeRun has Run look at once.
func (n *Node) wakeRun() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}
