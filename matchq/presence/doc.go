// Package presence knows which players are connected, and to which node, and sends messages to players on any node.
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//
//		"github.com/redis/go-redis/v9"
//
//		"github.com/matchq/matchq/matchq"
//		"github.com/matchq/matchq/matchq/presence"
//	)
//
//	func main() {
//		ctx := context.Background()
//		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//		m, err := matchq.New(rdb, matchq.Config{})
//		if err != nil {
//			log.Fatal(err)
//		}
//		p, err := presence.New(m, presence.Config{})
//		if err != nil {
//			log.Fatal(err)
//		}
//		heard := make(chan presence.Message)
//		node, err := p.Join(presence.NodeConfig{OnMessage: func(msg presence.Message) { heard <- msg }})
//		if err != nil {
//			log.Fatal(err)
//		}
//		go node.Run(ctx)
//
//		// Alice has connected to this process, by a WebSocket, say.
//		if _, err := node.Connect(ctx, "alice", "connection-1", ""); err != nil {
//			log.Fatal(err)
//		}
//		// Any process can send her something.
//		if err := p.Send(ctx, presence.Message{Player: "alice", Event: "hello"}); err != nil {
//			log.Fatal(err)
//		}
//		msg := <-heard
//		fmt.Println(msg.Conn, msg.Event) // connection-1 hello
//	}
//
// # Connections
//
// Each process that holds connections has a Node. Tell it of each connection with Connect and Disconnect. The node has
// one lease in Redis for all its players, which Run renews by heartbeats. A player is in one of these states, which any
// process reads with Online:
//
//   - connected: a connection holds, and the lease of its node runs;
//   - away: the connection has ended less than NodeConfig.Grace ago (5 s unless set);
//   - not online: neither.
//
// A player has one connection at a time. A newer one replaces it, and OnReplaced is called on the node of the older one.
//
// When the grace is over, or the lease of a dead node, some node calls OnGone, and then evicts the player: a ticket whose
// request was WhileOnline is cancelled with matchq.ReasonDisconnected, and a match that it is proposed for is declined. A
// tick matches no such ticket while its player is not online.
//
// A process that ends calls Shutdown, so that the grace of its players begins at once. For one that crashes it begins,
// and is over, when the lease ends.
//
// # Messages
//
// Send puts a message into its player's mailbox: the newest 256 messages, kept for Config.MailboxKeep (65 s unless set)
// after the last one. The node of the player's connection hears of it at once and calls OnMessage, once for each message
// and in the order of the mailbox. If the node was cut off from Redis meanwhile, it reads the mailbox before it goes on.
//
// A new connection hears the messages that come after Connect. A client that remembers the Seq of the last message that it
// got can ask for those in between: read them with Mailbox.
//
// Send needs a Message.DedupKey to be safe to repeat. A message has up to MaxMessage bytes (128 KiB) of JSON.
//
// # When Redis does not answer
//
// Calls end with their context or after matchq.Config.Timeout, with matchq.ErrUnavailable; see each for whether it is
// safe to repeat. Run waits until Redis answers, then states which players are connected, and which left
// meanwhile. If no node could renew its lease, all get another one: no player is evicted because Redis was away.
package presence
