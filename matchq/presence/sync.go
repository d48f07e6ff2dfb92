package presence

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

// syncEvery is how often a node asks for messages that it missed unawares: a message may get lost although no connection
// breaks, in a Redis Cluster that is torn apart, or while the driver finds its way to another Redis.
const syncEvery = 30 * time.Second

// patience is how long a node keeps players who, by a Redis that was replaced, are connected elsewhere. A
// replica that lagged may say where they were before; that node then disowns them, and Redis takes them from this one.
const patience = 2 * time.Second

// resync tells Redis which players are connected here, if that may be stale. It drops connections that were replaced, and
// hands over the messages that were missed. After an error the table is stale again.
func (n *Node) resync(ctx context.Context) error {
	n.resyncing.Lock()
	defer n.resyncing.Unlock()
	for some := range slices.Chunk(n.table.beginSync(n.syncEvery), maxPlayers) {
		if some = n.table.buffer(some); len(some) == 0 {
			continue
		}
		if err := n.resyncSome(ctx, some); err != nil {
			n.table.giveUp(some)
			return err
		}
	}
	if n.table.needsRun() {
		n.wakeRun()
	}
	return nil
}

func (n *Node) resyncSome(ctx context.Context, some []*attachment) error {
	rows, err := n.announce(ctx, false, some)
	if err != nil {
		return err
	}
	var (
		behind   []*attachment
		missing  []mailboxRange // of those behind
		doubtful []*attachment
	)
	for i, a := range some {
		if before := rows[i].before; before != nil && before.Node != n.cfg.ID && !before.Away {
			if time.Now().Before(n.yieldFrom) {
				doubtful = append(doubtful, a)
				continue
			}
			n.table.drop(a.player, a.conn)
			n.cfg.OnReplaced(a.player, a.conn)
		} else if after, ok := n.table.missed(a, rows[i].newest); ok {
			from := "-"
			if after != "" {
				from = "(" + after
			}
			behind, missing = append(behind, a), append(missing, mailboxRange{a.player, from})
		} else {
			n.table.resynced(a, nil)
		}
	}
	if len(doubtful) > 0 {
		n.table.postpone(doubtful)
		time.AfterFunc(patience/4, func() {
			n.table.markStale()
			n.wakeRun()
		})
	}
	for len(behind) > 0 {
		few := min(len(behind), maxMailboxes)
		missed, err := n.p.readMailboxes(ctx, missing[:few])
		if err != nil {
			return err
		}
		for i, messages := range missed {
			n.table.resynced(behind[i], messages)
		}
		behind, missing = behind[few:], missing[few:]
	}
	return nil
}

// tidy looks for players of this node in Redis who are not connected to it: a Connect that was given up may have reached
// Redis in the end, and players who moved on stand in the node's set until Redis is told that they left.
func (n *Node) tidy(ctx context.Context) error {
	if time.Since(n.tidied) < n.syncEvery {
		return nil
	}
	for p := (page{}); ; {
		var err error
		if p, err = n.scan(ctx, p.cursor); err != nil {
			return err
		}
		for some := range slices.Chunk(n.table.strangers(p.players), maxPlayers) {
			if err := n.disown(ctx, some); err != nil {
				return err
			}
		}
		if p.cursor == 0 {
			n.tidied = time.Now()
			return nil
		}
	}
}

// page is a part of the players that a node has in Redis, and where the next one begins.
type page struct {
	players []string
	cursor  uint64
}

func (n *Node) scan(ctx context.Context, cursor uint64) (page, error) {
	return space.Do(ctx, n.p.space, "scan players", func(ctx context.Context, rdb redis.UniversalClient) (page, error) {
		players, next, err := rdb.SScan(ctx, n.p.space.KeyOf(space.NodePlayers, n.cfg.ID), cursor, "", 256).Result()
		return page{players, next}, err
	})
}

// disown tells Redis that players are not connected here.
func (n *Node) disown(ctx context.Context, players []string) error {
	found, err := n.p.online(ctx, players)
	if err != nil {
		return err
	}
	some := make([]*connection, len(players))
	for i, player := range players {
		some[i] = &connection{Player: player}
		if c := found[i]; c != nil && c.Node == n.cfg.ID {
			some[i].Conn, some[i].Data = c.ID, c.Data
		}
	}
	return n.tellEnded(ctx, some, false)
}
