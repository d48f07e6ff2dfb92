package matchq

import (
	"context"
	"sync"
	"time"
)

// Run keeps the node going until ctx ends, and then returns nil: it renews the lease, hears what is sent to its
// players, and releases those who did not come back, its own and those of dead nodes. It does not say that anybody has
// left; LeaveAll does.
//
// While Redis is away it logs that and goes on trying. It returns an error only if going on makes no sense: a
// *ConfigError, or an answer of Redis that repeating won't change, such as missing rights.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	listening.Go(func() { n.listen(ctx) })
	defer listening.Wait()
	defer cancel()
	var (
		pause backoff
		away  bool
	)
	for ctx.Err() == nil {
		idle, err := n.round(ctx)
		switch {
		case ctx.Err() != nil: // that was the end
		case isSettled(err):
			return err
		case err != nil:
			if !away {
				n.m.cfg.Logger.Warn("matchq: nobody knows who is connected here until redis answers", "error", err)
			}
			away, n.tidied = true, time.Time{}
			sleep(ctx, pause.next())
			continue
		case away:
			n.m.cfg.Logger.Info("matchq: redis answers, and knows who is connected here")
			away, pause = false, backoff{}
		}
		n.rest(ctx, idle)
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

// round does what is to be done and returns how long there is nothing.
func (n *Node) round(ctx context.Context) (time.Duration, error) {
	if err := n.flush(ctx); err != nil {
		return 0, err
	}
	if err := n.beatInTime(ctx); err != nil {
		return 0, err
	}
	if err := n.resync(ctx); err != nil {
		return 0, err
	}
	if err := n.tidy(ctx); err != nil {
		return 0, err
	}
	next, err := n.sweep(ctx)
	if err != nil {
		return 0, err
	}
	return min(next, time.Until(n.lastBeat().Add(n.cfg.Lease/4)), time.Until(n.tidied.Add(n.syncEvery))), nil
}

// flush tells Redis of connections that have ended.
func (n *Node) flush(ctx context.Context) error {
	for {
		n.mu.Lock()
		var some []leaver
		for _, l := range n.leaving {
			if some = append(some, l); len(some) == mostPlayers {
				break
			}
		}
		n.mu.Unlock()
		if len(some) == 0 {
			return nil
		}
		if err := n.tellLeft(ctx, some, false); err != nil {
			return err
		}
	}
}

// tellLeft runs leave.lua. last says that the node ends too.
func (n *Node) tellLeft(ctx context.Context, some []leaver, last bool) error {
	k := &n.m.keys
	flag := 0
	if last {
		flag = 1
	}
	args := []any{n.cfg.ID, n.cfg.Grace.Milliseconds(), flag}
	for _, l := range some {
		args = append(args, l.player, l.conn, l.data)
	}
	_, err := within(ctx, n.m, nil, func(ctx context.Context) (int64, error) {
		r, err := n.m.write(ctx, n.m.scripts.leave,
			[]string{k.meta, k.online, k.away, k.nodePlayers(n.cfg.ID), k.nodes, k.nodeInfo}, args...)
		if err != nil {
			return 0, err
		}
		left := r.number()
		return left, r.err
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range some {
		delete(n.leaving, l.conn)
	}
	return nil
}

// beatInTime renews the lease if it is time to. Where Redis does not know the lease, or it was over, others may have
// released players of this node, so it says first who is connected.
func (n *Node) beatInTime(ctx context.Context) error {
	if time.Since(n.lastBeat()) < n.cfg.Lease/4 {
		return nil
	}
	renewed, err := n.beat(ctx, false)
	if err == nil && !renewed {
		n.fallBehind()
		if err = n.resync(ctx); err == nil {
			_, err = n.beat(ctx, true)
		}
	}
	if err == nil {
		n.setBeat(time.Now())
	}
	return err
}

// needLease sees to it that the node has a lease, without which whoever arrives would count as gone: before Run has
// got one, or after Redis was away. What else is to be done then Run does.
func (n *Node) needLease(ctx context.Context) error {
	if time.Since(n.lastBeat()) < n.cfg.Lease/2 {
		return nil
	}
	n.fallBehind()
	if _, err := n.beat(ctx, true); err != nil {
		return err
	}
	n.setBeat(time.Now())
	n.nudge()
	return nil
}

func (n *Node) lastBeat() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.beaten
}

func (n *Node) setBeat(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.beaten = at
}

func (n *Node) beat(ctx context.Context, anyway bool) (renewed bool, err error) {
	n.mu.Lock()
	info := NodeInfo{Version: n.cfg.Version, Started: n.started, Connections: len(n.players)}
	closed := n.closed
	n.mu.Unlock()
	if closed {
		return true, nil // it has signed off
	}
	flag := 0
	if anyway {
		flag = 1
	}
	k := &n.m.keys
	return within(ctx, n.m, nil, func(ctx context.Context) (bool, error) {
		r, err := n.m.write(ctx, n.m.scripts.beat, []string{k.meta, k.nodes, k.nodeInfo},
			n.cfg.ID, n.cfg.Lease.Milliseconds(), info.text(n.cfg.Lease), flag)
		if err != nil {
			return false, err
		}
		renewed := r.number() == 1
		return renewed, r.err
	})
}
