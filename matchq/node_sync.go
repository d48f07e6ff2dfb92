package matchq

import (
	"context"
	"slices"
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
	behind := n.behind || time.Since(n.synced) > n.syncEvery
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

// tidy looks for players of this node in Redis who are not connected to it: an arrival that was given up may have got
// through in the end, and those who moved on stand in the node's set until it is told that they have left.
func (n *Node) tidy(ctx context.Context) error {
	if time.Since(n.tidied) < n.syncEvery {
		return nil
	}
	var cursor uint64
	for {
		names, next, err := n.scan(ctx, cursor)
		if err != nil {
			return err
		}
		for strangers := n.strangers(names); len(strangers) > 0; {
			some := strangers[:min(len(strangers), mostPlayers)]
			if err := n.disown(ctx, some); err != nil {
				return err
			}
			strangers = strangers[len(some):]
		}
		if cursor = next; cursor == 0 {
			n.tidied = time.Now()
			return nil
		}
	}
}

func (n *Node) scan(ctx context.Context, cursor uint64) (names []string, next uint64, err error) {
	type page struct {
		names []string
		next  uint64
	}
	p, err := within(ctx, n.m, nil, func(ctx context.Context) (page, error) {
		names, next, err := n.m.rdb.SScan(ctx, n.m.keys.nodePlayers(n.cfg.ID), cursor, "", 256).Result()
		if err != nil {
			return page{}, failure("scan players", err)
		}
		return page{names, next}, nil
	})
	return p.names, p.next, err
}

// strangers are those of some players who are not connected here.
func (n *Node) strangers(names []string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(names, func(name string) bool { return n.players[name] != nil })
}

// disown says that players are not connected here.
func (n *Node) disown(ctx context.Context, players []string) error {
	found, err := n.m.online(ctx, players)
	if err != nil {
		return err
	}
	some := make([]leaver, len(players))
	for i, player := range players {
		some[i].player = player
		if c := found[i]; c != nil && c.Node == n.cfg.ID {
			some[i].conn, some[i].data = c.ID, c.Data
		}
	}
	return n.tellLeft(ctx, some, false)
}
