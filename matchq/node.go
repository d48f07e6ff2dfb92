package matchq

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// NodeConfig says how a Node works. Its zero value is ready to use. The functions must return quickly, since what
// comes after waits for them, and OnMessage must not call the Node.
type NodeConfig struct {
	// ID names the node, as a name without tabs; a new unique one unless set. No two nodes that run may have the same.
	ID string

	// Grace is how long a player whose connection has ended may be away, in whole milliseconds; 5 s unless set.
	Grace time.Duration

	// Lease is how long the node counts as alive after it was last heard of, in whole milliseconds; 4/3 of the grace,
	// but at least 2 s, unless set. It is renewed four times as often. It should be longer than the grace, which is all
	// that the players of a dead node get.
	Lease time.Duration

	// Version is shown by Nodes; up to 128 bytes, as a name.
	Version string

	// OnMessage is called with each message to a player who is connected to this node, in order.
	OnMessage func(Message)

	// OnReplaced is called when a player of this node has a newer connection, here or elsewhere. Close the older one.
	OnReplaced func(player, conn string)

	// OnSignal is called with what Signal sent to this node.
	OnSignal func(payload []byte)

	// OnGone is called before a player who did not come back is forgotten, by whichever node notices, maybe by several
	// and more than once; again about every second until it returns nil. Eight of them may be under way.
	OnGone func(ctx context.Context, player string) error
}

// Node says who is connected to this process, and hears what they are told. Any number of nodes share a namespace, and
// a player has one connection to all of them together.
//
// Run keeps it going; without that its players count as gone when the lease ends. It is safe for use by many goroutines.
type Node struct {
	m       *Matcher
	cfg     NodeConfig
	started time.Time
	wake    chan struct{} // tells Run that there is something to do

	arriving [64]sync.Mutex // by player: Redis and the node must see arrivals in one order
	syncing  sync.Mutex     // one resync at a time

	mu      sync.Mutex
	players map[string]*holding
	leaving map[string]leaver // by connection: what Redis has not been told yet
	behind  bool              // messages may have been missed, or Redis may not know who is connected
	synced  time.Time         // when it last looked for what it missed
	closed  bool

	syncEvery time.Duration

	beaten time.Time // when the lease was last renewed; guarded by mu
	tidied time.Time // when it last looked for players who are not here; used by Run only
}

// holding is a player's connection to this node.
type holding struct {
	player, conn, data string

	last    string    // seq of the newest message that was handed over
	lastAt  time.Time // and when
	early   []Message // what came while Redis was asked what came before
	asking  bool
	doubted bool     // an earlier try had no answer, and Redis is being told that it ended
	old     *holding // the player's connection of before, until it is sure that this one replaces it
}

// leaver is a connection that has ended.
type leaver struct{ player, conn, data string }

// NewNode makes a Node. Nothing happens before Run. The error is an *InvalidError about cfg.
func (m *Matcher) NewNode(cfg NodeConfig) (*Node, error) {
	if cfg.ID == "" {
		cfg.ID = newID()
	}
	if cfg.Grace == 0 {
		cfg.Grace = 5 * time.Second
	}
	if cfg.Lease == 0 {
		cfg.Lease = max((cfg.Grace * 4 / 3).Truncate(time.Millisecond), 2*time.Second)
	}
	if err := CheckName("node", cfg.ID); err != nil {
		return nil, err
	}
	if cfg.Version != "" {
		if err := CheckName("version", cfg.Version); err != nil {
			return nil, err
		}
	}
	if err := checkDuration("grace", cfg.Grace, time.Millisecond); err != nil {
		return nil, err
	}
	if err := checkDuration("lease", cfg.Lease, 10*time.Millisecond); err != nil {
		return nil, err
	}
	return &Node{
		m: m, cfg: cfg, started: time.Now(), wake: make(chan struct{}, 1),
		syncEvery: syncEvery, synced: time.Now(), tidied: time.Now(), players: map[string]*holding{}, leaving: map[string]leaver{},
	}, nil
}

// ID is the node's name.
func (n *Node) ID() string { return n.cfg.ID }

// Arrive says that a player is connected to this node from now on, by a connection that is named conn, a name no other
// one ever has. data comes back with the Connection, up to 4 KiB. It replaces an older connection, wherever that is, and
// returns where the player was connected, or away, before; nil if nowhere. It is safe to repeat, though before is lost then.
//
// After an error the player is not connected by this connection; call Arrive again, or give the connection up.
// Errors: *InvalidError, ErrClosed, *ConfigError, ErrUnavailable.
func (n *Node) Arrive(ctx context.Context, player, conn, data string) (before *Connection, err error) {
	if err := CheckName("player", player); err != nil {
		return nil, err
	}
	if err := CheckName("connection", conn); err != nil {
		return nil, err
	}
	if len(data) > MaxAttributes {
		return nil, &InvalidError{"data", fmt.Sprintf("must be at most %d bytes, not %d", MaxAttributes, len(data))}
	}
	if err := n.needLease(ctx); err != nil {
		return nil, err
	}
	lane := &n.arriving[stripe(player)]
	lane.Lock()
	defer lane.Unlock()
	h := &holding{player: player, conn: conn, data: data, asking: true}
	old, err := n.hold(h)
	if err != nil {
		return nil, err
	}
	rows, err := n.announce(ctx, true, []*holding{h})
	if err != nil {
		n.unhold(h)
		return nil, err
	}
	n.caughtUp(h, rows[0].newest, nil)
	if h.doubted {
		n.fallBehind()
		n.nudge()
	}
	if old != nil && old.conn != conn {
		n.replaced(player, old.conn)
	}
	if before = rows[0].before; before != nil && before.Node == n.cfg.ID && before.ID == conn {
		before = nil
	}
	return before, nil
}

// stripe is a player's place among the lanes.
func stripe(player string) uint32 { return spread(player) % 64 }

// hold makes a holding the player's, and returns the one before.
func (n *Node) hold(h *holding) (*holding, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	h.old = n.players[h.player]
	n.players[h.player] = h
	_, h.doubted = n.leaving[h.conn]
	delete(n.leaving, h.conn)
	return h.old, nil
}

// unhold takes a holding back of which it is not known whether Redis has heard.
func (n *Node) unhold(h *holding) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.players[h.player] == h {
		delete(n.players, h.player)
		if h.old != nil {
			n.players[h.player] = h.old
			n.behind = true // its messages went to the new one meanwhile, and Redis may believe it was replaced
		}
	}
	if h.old == nil || h.old.conn != h.conn {
		n.leaving[h.conn] = leaver{h.player, h.conn, h.data}
	}
	n.nudge()
}

// Note changes the data that Redis is told of a connection when it ends.
func (n *Node) Note(player, conn, data string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.players[player]; h != nil && h.conn == conn && len(data) <= MaxAttributes {
		h.data = data
	}
}

// Leave says that a connection has ended, for whatever reason: the player's grace begins, unless they have another
// connection by now. It is safe to repeat. After an error, ErrUnavailable or a *ConfigError, Run sees to it that Redis
// is told.
func (n *Node) Leave(ctx context.Context, player, conn string) error {
	n.mu.Lock()
	l := leaver{player, conn, ""}
	h := n.players[player]
	if h != nil && h.conn == conn {
		l.data = h.data
		delete(n.players, player)
	} else if h != nil && h.old != nil && h.old.conn == conn {
		l.data = h.old.data
		h.old = nil
	}
	if n.closed {
		n.mu.Unlock()
		return nil // LeaveAll has told of all there were
	}
	n.leaving[conn] = l
	n.mu.Unlock()
	defer n.nudge() // somebody has to look when the grace is over
	return n.tellLeft(ctx, []leaver{l}, false)
}

// LeaveAll says that all connections to this node have ended, and that the node ends too. Nobody can arrive afterwards.
// Errors: *ConfigError, ErrUnavailable; it may be repeated.
func (n *Node) LeaveAll(ctx context.Context) error {
	n.mu.Lock()
	n.closed = true
	for player, h := range n.players {
		n.leaving[h.conn] = leaver{player, h.conn, h.data}
	}
	clear(n.players)
	n.mu.Unlock()
	// One that arrives just now has found the node open.
	for i := range n.arriving {
		n.arriving[i].Lock()
		n.arriving[i].Unlock() //nolint:staticcheck // to wait for it is all
	}
	if err := n.flush(ctx); err != nil {
		return err
	}
	return n.tellLeft(ctx, nil, true)
}

// nudge has Run look at once.
func (n *Node) nudge() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// replaced has a connection closed that is not its player's any more.
func (n *Node) replaced(player, conn string) {
	if n.cfg.OnReplaced != nil {
		n.cfg.OnReplaced(player, conn)
	}
}
