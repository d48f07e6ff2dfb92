package presence

import (
	"context"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Run keeps the node going until ctx ends, and then returns nil. It sends heartbeats, hears the messages to the node's
// players, and evicts players who did not come back, those of dead nodes too. When it ends the node's players are still
// connected, for as long as the lease runs; Shutdown disconnects them.
//
// While Redis is away, or refuses, Run logs that and goes on trying; call Presence.CheckRights before it to learn of
// missing rights. It returns an error only if trying makes no sense: a *matchq.ConfigError, or an answer of Redis that
// repeating won't change. Call it once.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	listening.Go(func() { n.listen(ctx) })
	defer listening.Wait()
	defer cancel()
	defer n.p.vigil.Follow(ctx, n.cfg.Lease, n.redisChanged)()
	outage := space.Outage{
		Log: n.p.space.Log(), Begins: "matchq: redis is away or refuses, the players of this node are not announced",
		Ends: "matchq: redis answers, and knows the players of this node",
	}
	for ctx.Err() == nil {
		idle, err := n.round(ctx)
		switch {
		case ctx.Err() != nil: // that was the end
		case space.IsSettled(err):
			return err
		case err != nil:
			n.tidied = time.Time{}
			outage.Wait(ctx, err)
		default:
			outage.Over()
			n.rest(ctx, idle)
		}
	}
	return nil
}

// rest waits for a time or until there is something to do.
func (n *Node) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
	case <-n.wake:
	case <-ctx.Done():
	}
}

// redisChanged has Run tell Redis of all players at once: it was replaced or emptied.
func (n *Node) redisChanged() {
	n.doubted.Store(true)
	n.wakeRun()
}

// beginAnew relies neither on earlier writes to Redis nor on its state of this node's players.
func (n *Node) beginAnew() {
	n.lease.lose()
	n.table.markMissed()
	if jumps := n.p.vigil.Jumps(); jumps != n.jumps {
		n.jumps = jumps
		n.table.doubtMailboxes()
	}
	n.tidied = time.Time{}
	n.resyncing.Lock()
	defer n.resyncing.Unlock()
	n.yieldFrom = time.Now().Add(patience)
}

// round does all due work and returns how long there is none.
func (n *Node) round(ctx context.Context) (idle time.Duration, err error) {
	if n.doubted.Swap(false) {
		n.beginAnew()
	}
	for _, do := range []func(context.Context) error{n.flush, n.keepLease, n.resync, n.tidy} {
		if err := do(ctx); err != nil {
			return 0, err
		}
	}
	next, err := n.reaper.sweep(ctx)
	return min(next, n.lease.left(n.cfg.Lease/4), time.Until(n.tidied.Add(n.syncEvery))), err
}
