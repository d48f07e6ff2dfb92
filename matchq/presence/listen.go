package presence

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A payload of a node's channel begins with one of these and a tab.
const (
	messageMark  = "m" // player, seq, event, dedup key, data
	replacedMark = "r" // node of the newer connection, player, older connection
)

// channelSize is how many messages may wait for OnMessage before the driver stops reading.
const channelSize = 1024

// listen hands over the messages that come by the node's channel until ctx ends. Whenever it has subscribed, again or for
// the first time, it asks for those that were missed, while newer ones wait.
func (n *Node) listen(ctx context.Context) {
	subscription := n.p.space.Client().Subscribe(ctx, n.p.space.Channel(n.cfg.ID))
	defer func() { _ = subscription.Close() }() // Redis is told, or away
	heard := subscription.ChannelWithSubscriptions(redis.WithChannelSize(channelSize))
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
				n.table.markMissed()
				if err := n.resync(ctx); err != nil {
					n.wakeRun() // Run tries again
				}
			case *redis.Message:
				n.receive(what.Payload)
			}
		}
	}
}

// receive takes a payload of the channel.
func (n *Node) receive(payload string) {
	mark, rest, _ := strings.Cut(payload, "\t")
	switch mark {
	case messageMark:
		if msg, err := publishedMessage(rest); err == nil {
			n.table.hear(&msg)
		}
	case replacedMark:
		fields := strings.Split(rest, "\t")
		if len(fields) != 3 || fields[0] == n.cfg.ID { // Connect knows, unless it was given up and Redis got it all the same
			return
		}
		n.table.drop(fields[1], fields[2])
		n.cfg.OnReplaced(fields[1], fields[2])
	}
}
