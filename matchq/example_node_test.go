package matchq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// A node says who is connected to it, and hears what its players are told from anywhere.
func ExampleNode() {
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
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	heard := make(chan matchq.Message, 1)
	node, err := m.NewNode(matchq.NodeConfig{OnMessage: func(msg matchq.Message) { heard <- msg }})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = node.Run(ctx) }()
	if _, err := node.Arrive(ctx, "alice", "connection 1", ""); err != nil {
		log.Fatal(err)
	}

	// On any node:
	err = m.Post(ctx, matchq.Message{Player: "alice", Event: "hello", Data: json.RawMessage(`{"from":"bob"}`)})
	if err != nil {
		log.Fatal(err)
	}
	msg := <-heard
	fmt.Println(msg.Conn, msg.Event, string(msg.Data))

	// She loses the connection, and may be away for five seconds.
	if err := node.Leave(ctx, "alice", "connection 1"); err != nil {
		log.Fatal(err)
	}
	found, err := m.Online(ctx, "alice", "bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found[0].Away, found[1] == nil)

	// Output:
	// connection 1 hello {"from":"bob"}
	// true true
}
