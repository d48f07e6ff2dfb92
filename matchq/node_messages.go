package matchq

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// What a node's channel carries begins with a letter and a tab.
const (
	messageMark  = "m" // player, seq, event, key, data
	replacedMark = "r" // node of the newer connection, player, older connection
	signalMark   = "s" // what Signal was given
)

// Signal sends something to a node, if it runs and can be reached at this moment. Up to 128 KiB. Errors: *InvalidError,
// ErrUnavailable.
func (n *Node) Signal(ctx context.Context, nodeID string, payload []byte) error {
	if err := CheckName("node", nodeID); err != nil {
		return err
	}
	if len(payload) > MaxMessage {
		return &InvalidError{"payload", "must be at most 128 KiB"}
	}
	text := signalMark + "\t" + string(payload)
	_, err := within(ctx, n.m, nil, func(ctx context.Context) (int64, error) {
		heard, err := n.m.rdb.Publish(ctx, n.m.keys.channel+nodeID, text).Result()
		if err != nil {
			return 0, failure("signal", err)
		}
		return heard, nil
	})
	return err
}

// listen hands over what comes by the node's channel until ctx ends. Whenever it has subscribed, again or for the first
// time, it looks for what was missed, while what comes meanwhile waits.
func (n *Node) listen(ctx context.Context) {
	subscription := n.m.rdb.Subscribe(ctx, n.m.keys.channel+n.cfg.ID)
	defer func() { _ = subscription.Close() }() // Redis is told, or away
	heard := subscription.ChannelWithSubscriptions(redis.WithChannelSize(1024))
	for {
		select {
		case <-ctx.Done():
			return
		case what, ok := <-heard:
			if !ok {
				return
			}
			switch what := what.(type) {
			case *redis.Subscription:
				n.fallBehind()
				if err := n.resync(ctx); err != nil {
					n.nudge() // Run tries again
				}
			case *redis.Message:
				n.receive(what.Payload)
			}
		}
	}
}

func (n *Node) fallBehind() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.behind = true
}

func (n *Node) receive(payload string) {
	mark, rest, _ := strings.Cut(payload, "\t")
	switch mark {
	case messageMark:
		if msg, err := publishedMessage(rest); err == nil {
			n.hear(&msg)
		}
	case replacedMark:
		// What happened here was seen to; an arrival that was given up but got through in the end replaces nobody.
		if by, what, _ := strings.Cut(rest, "\t"); by != n.cfg.ID {
			player, conn, _ := strings.Cut(what, "\t")
			n.lose(player, conn)
		}
	case signalMark:
		if n.cfg.OnSignal != nil {
			n.cfg.OnSignal([]byte(rest))
		}
	}
}

// hear takes a message that was published.
func (n *Node) hear(msg *Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch h := n.players[msg.Player]; {
	case h == nil: // moved on
	case h.asking && len(h.early) >= outboxSize:
		n.behind = true
	case h.asking:
		h.early = append(h.early, *msg)
	default:
		n.hand(h, msg)
	}
}

// hand hands a message over unless that was done before. It is called under the node's lock, so that messages keep
// their order. An outbox that nothing came to for so long that it is gone may begin anew with earlier seqs, if the
// clock was set back.
func (n *Node) hand(h *holding, msg *Message) {
	if !seqAfter(msg.Seq, h.last) && time.Since(h.lastAt) < n.m.cfg.OutboxKeep {
		return
	}
	h.last, h.lastAt = msg.Seq, time.Now()
	if n.cfg.OnMessage != nil {
		msg.Conn = h.conn
		n.cfg.OnMessage(*msg)
	}
}

// caughtUp hands over what a player missed and what came meanwhile; newest is where the outbox stood, if the connection
// is to hear only what comes after that. It says whether the player still has this connection.
func (n *Node) caughtUp(h *holding, newest string, missed []Message) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if newest != "" {
		h.last, h.lastAt = newest, time.Now()
	}
	early := h.early
	h.early, h.asking, h.old = nil, false, nil
	if n.players[h.player] != h {
		return false
	}
	for i := range missed {
		n.hand(h, &missed[i])
	}
	for i := range early {
		n.hand(h, &early[i])
	}
	return true
}

// lose has a connection closed whose player has another one.
func (n *Node) lose(player, conn string) {
	n.mu.Lock()
	if h := n.players[player]; h != nil && h.conn == conn {
		delete(n.players, player)
	}
	n.mu.Unlock()
	n.replaced(player, conn)
}

// announced is what arrive.lua says of a player.
type announced struct {
	before *Connection
	newest string // seq
}

// announce says that players are connected here.
func (n *Node) announce(ctx context.Context, isNew bool, holdings []*holding) ([]announced, error) {
	k := &n.m.keys
	flag := 0
	if isNew {
		flag = 1
	}
	keys := []string{k.meta, k.online, k.away, k.nodePlayers(n.cfg.ID)}
	args := []any{n.cfg.ID, k.channel, flag}
	n.mu.Lock()
	for _, h := range holdings {
		keys = append(keys, k.outbox(h.player))
		args = append(args, h.player, h.conn, h.data)
	}
	n.mu.Unlock()
	return within(ctx, n.m, nil, func(ctx context.Context) ([]announced, error) {
		r, err := n.m.write(ctx, n.m.scripts.arrive, keys, args...)
		if err != nil {
			return nil, err
		}
		rows := make([]announced, len(holdings))
		for i, h := range holdings {
			rows[i] = announced{before: parseConnection(h.player, r.text()), newest: r.text()}
		}
		return rows, r.err
	})
}
