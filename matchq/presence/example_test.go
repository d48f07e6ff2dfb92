package presence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
)

// A node registers its connected players, and receives messages to them from any process.
func Example() {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	heard := make(chan presence.Message, 1)
	node, err := p.Join(presence.NodeConfig{OnMessage: func(msg presence.Message) { heard <- msg }})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = node.Run(ctx) }()
	if _, err := node.Connect(ctx, "alice", "connection-1", ""); err != nil {
		log.Fatal(err)
	}

	// In any process:
	err = p.Send(ctx, presence.Message{Player: "alice", Event: "hello", Data: json.RawMessage(`{"from":"bob"}`)})
	if err != nil {
		log.Fatal(err)
	}
	msg := <-heard
	fmt.Println(msg.Conn, msg.Event, string(msg.Data))

	// She loses the connection, and may be away for five seconds.
	if err := node.Disconnect(ctx, "alice", "connection-1"); err != nil {
		log.Fatal(err)
	}
	found, err := p.Online(ctx, "alice", "bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found[0].Away, found[1] == nil)

	// Output:
	// connection-1 hello {"from":"bob"}
	// true true
}
