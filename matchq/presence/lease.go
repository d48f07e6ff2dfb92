package presence

import (
	"context"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

var heartbeatScript = space.Bind[heartbeatArgs]("presence/heartbeat")

type heartbeatArgs struct {
	Node    string `lua:"node"`
	LeaseMS int64  `lua:"lease_ms"`
	Info    string `lua:"info"`
	Anyway  bool   `lua:"anyway"`
}

// lease is a node's lease in Redis: as long as it runs, the node's players are connected.
type lease struct {
	space   *space.Space
	node    string
	length  time.Duration
	version string
	note    func() string // may be nil
	started time.Time
	size    func() (connections int, closed bool)

	mu      sync.Mutex
	renewed time.Time
}

// left is how long it is until the lease is due for a heartbeat that is sent when so much of it has passed.
func (l *lease) left(after time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.renewed.Add(after))
}

// lose notes that Redis does not know the lease.
func (l *lease) lose() { l.set(time.Time{}) }

func (l *lease) set(renewed time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = renewed
}

// heartbeat renews the lease. Unless anyway is set, Redis refuses that if it does not know the lease or it was over.
func (l *lease) heartbeat(ctx context.Context, anyway bool) (renewed bool, err error) {
	connections, closed := l.size()
	if closed {
		l.set(time.Now()) // it must not come back
		return true, nil
	}
	info := NodeInfo{Version: l.version, Started: l.started, Connections: connections}
	if l.note != nil {
		info.Note = l.note()
	}
	r, err := heartbeatScript.Call(ctx, l.space, heartbeatArgs{
		Node: l.node, LeaseMS: l.length.Milliseconds(), Info: info.text(l.length), Anyway: anyway,
	})
	if err != nil {
		return false, err
	}
	renewed = r.Number() == 1
	if r.Err == nil && renewed {
		l.set(time.Now())
	}
	return renewed, r.Err
}

// keepLease sends a heartbeat if it is time to. If Redis does not know the lease, or it was over, other nodes may have
// evicted players of this node: so it says first who is connected.
func (n *Node) keepLease(ctx context.Context) error {
	if n.lease.left(n.cfg.Lease/4) > 0 {
		return nil
	}
	renewed, err := n.lease.heartbeat(ctx, false)
	if err != nil || renewed {
		return err
	}
	if err := n.p.vigil.Check(ctx); err != nil { // a lease tells others that the players of this node are known
		return err
	}
	n.table.markStale()
	if err := n.resync(ctx); err != nil {
		return err
	}
	_, err = n.lease.heartbeat(ctx, true)
	return err
}

// needLease gets a lease before Run has got one, or after Redis was away: a player who connects without it would count as
// gone. Run does the rest.
func (n *Node) needLease(ctx context.Context) error {
	if n.lease.left(n.cfg.Lease/2) > 0 {
		return nil
	}
	if err := n.p.vigil.Check(ctx); err != nil {
		return err
	}
	n.table.markStale()
	if _, err := n.lease.heartbeat(ctx, true); err != nil {
		return err
	}
	n.wakeRun()
	return nil
}
