package matchq

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// syncEvery is how often a node looks for what it missed without knowing: what is published in a Redis Cluster that is
// torn apart, or while the driver finds its way to another Redis, may get lost although no connection breaks.
const syncEvery = 30 * time.Second

// resync tells Redis who is connected here, if the node may have fallen behind, closes connections that were replaced
// and hands over what was missed. After an error the node is still behind.
func (n *Node) resync(ctx context.Context) error {
	n.syncing.Lock()
	defer n.syncing.Unlock()
	n.mu.Lock()
	behind := n.behind || time.Since(n.synced) > syncEvery
	n.behind = false
	if behind {
		n.synced = time.Now()
	}
	var all []*holding
	for _, h := range n.players {
		if behind && !h.asking { // else it is about to arrive
			all = append(all, h)
		}
	}
	n.mu.Unlock()
	for len(all) > 0 {
		some := all[:min(len(all), mostPlayers)]
		if err := n.resyncSome(ctx, some); err != nil {
			n.fallBehind()
			return err
		}
		all = all[len(some):]
	}
	return nil
}

func (n *Node) resyncSome(ctx context.Context, some []*holding) error {
	n.setAsking(some, true)
	defer n.setAsking(some, false) // those that are through have been seen to
	rows, err := n.announce(ctx, false, some)
	if err != nil {
		return err
	}
	var late []*holding
	for i, h := range some {
		switch before := rows[i].before; {
		case before != nil && before.Node != n.cfg.ID:
			n.lose(h.player, h.conn)
		case rows[i].newest != "" && seqAfter(rows[i].newest, n.lastOf(h)):
			late = append(late, h)
		default:
			n.resynced(h, nil)
		}
	}
	for len(late) > 0 {
		few := late[:min(len(late), mostOutboxes)]
		missed, err := n.readOutboxes(ctx, few)
		if err != nil {
			return err
		}
		for i, h := range few {
			n.resynced(h, missed[i])
		}
		late = late[len(few):]
	}
	return nil
}

// mostOutboxes is how many outboxes are read at once.
const mostOutboxes = 32

func (n *Node) lastOf(h *holding) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return h.last
}

// setAsking has messages for some players wait, or ends that; what waited is then in their outboxes, still to be read.
func (n *Node) setAsking(some []*holding, asking bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range some {
		if !asking && h.asking && len(h.early) > 0 {
			n.behind = true
		}
		h.asking, h.early = asking, nil
	}
}

// resynced ends the resync of one player. If they have left meanwhile Redis may have been told the wrong way round.
func (n *Node) resynced(h *holding, missed []Message) {
	if n.caughtUp(h, "", missed) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.players[h.player] == nil {
		n.leaving[h.conn] = leaver{h.player, h.conn, h.data}
	} else {
		n.behind = true // it is the other connection that Redis has to know
	}
	n.nudge()
}

// readOutboxes returns what some players missed.
func (n *Node) readOutboxes(ctx context.Context, some []*holding) ([][]Message, error) {
	return within(ctx, n.m, nil, func(ctx context.Context) ([][]Message, error) {
		pipe := n.m.rdb.Pipeline()
		reads := make([]*redis.XMessageSliceCmd, len(some))
		for i, h := range some {
			from := "-"
			if last := n.lastOf(h); last != "" {
				from = "(" + last
			}
			reads[i] = pipe.XRangeN(ctx, n.m.keys.outbox(h.player), from, "+", outboxSize)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, failure("read outboxes", err)
		}
		missed := make([][]Message, len(some))
		for i, h := range some {
			missed[i] = outboxMessages(h.player, reads[i].Val())
		}
		return missed, nil
	})
}
