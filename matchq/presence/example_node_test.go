package presence_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
)

// exampleNode returns a node on a Redis inside this process, and the function that ends it.
func exampleNode(cfg presence.NodeConfig) (p *presence.Presence, node *presence.Node, end func()) {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if p, err = presence.New(m, presence.Config{}); err != nil {
		log.Fatal(err)
	}
	if node, err = p.Join(cfg); err != nil {
		log.Fatal(err)
	}
	return p, node, func() { _ = rdb.Close(); server.Close() }
}

// A process has begun again, and all its players connect in one moment: one call connects many of them, and another one
// reads the messages that each has missed.
func ExampleNode_ConnectAll() {
	ctx := context.Background()
	p, node, end := exampleNode(presence.NodeConfig{})
	defer end()
	for _, player := range []string{"alice", "bob"} {
		if err := p.Send(ctx, presence.Message{Player: player, Event: "hello", Data: json.RawMessage(`"` + player + `"`)}); err != nil {
			log.Fatal(err)
		}
	}
	arrived := []presence.NewConnection{{Player: "alice", Conn: "c1"}, {Player: "bob", Conn: "c2"}}
	for len(arrived) > 0 {
		some := arrived[:min(len(arrived), presence.MaxConnect)]
		if _, err := node.ConnectAll(ctx, some); err != nil {
			log.Fatal(err)
		}
		arrived = arrived[len(some):]
	}
	// Each client says which message it got last; "0-0" is none. Later ones than Start come by OnMessage.
	parts, err := p.Mailboxes(ctx, presence.MailboxRead{Player: "alice", After: "0-0"}, presence.MailboxRead{Player: "bob", After: "0-0"})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts {
		for _, msg := range part.Messages {
			fmt.Println(msg.Player, "missed", msg.Event, msg.Seq == node.Start(msg.Player, map[string]string{"alice": "c1", "bob": "c2"}[msg.Player]))
		}
	}
	if err := node.DisconnectAll(ctx, []presence.Connection{{Player: "alice", ID: "c1"}, {Player: "bob", ID: "c2"}}); err != nil {
		log.Fatal(err)
	}
	where, err := p.Online(ctx, "alice", "bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(where[0].Away, where[1].Away)
	// Output:
	// alice missed hello true
	// bob missed hello true
	// true true
}

// An operator sees the processes of a game. One of them ends in order.
func ExamplePresence_Nodes() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	beat := make(chan struct{}, 100)
	p, node, end := exampleNode(presence.NodeConfig{ID: "node-1", Version: "1.4", Grace: time.Second, Note: func() string {
		beat <- struct{}{}
		return "disk nearly full"
	}})
	defer end()
	if err := p.CheckRights(ctx); err != nil { // before Run, which waits for missing rights
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	if _, err := node.Connect(ctx, "alice", "c1", "lobby"); err != nil {
		log.Fatal(err)
	}
	node.SetData("alice", "c1", "game 7") // Redis learns of it when the connection ends
	for range 2 {
		<-beat
	}
	nodes, err := p.Nodes(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nodes {
		fmt.Println(n.ID == node.ID(), n.Version, n.Note)
	}
	if err := node.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	stop()
	fmt.Println(<-ended)
	ctx = context.Background()
	_, err = node.Connect(ctx, "bob", "c2", "")
	fmt.Println("no newcomers:", errors.Is(err, presence.ErrClosed))
	where, err := p.Online(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(where[0].Away, where[0].Data)
	// Output:
	// true 1.4 disk nearly full
	// <nil>
	// no newcomers: true
	// true game 7
}

// A message that is too large is refused before it is sent.
func ExamplePresence_Send() {
	p, _, end := exampleNode(presence.NodeConfig{})
	defer end()
	ctx := context.Background()
	for _, size := range []int{presence.MaxMessage - 2, presence.MaxMessage - 1} {
		text := make([]byte, size)
		for i := range text {
			text[i] = 'x'
		}
		err := p.Send(ctx, presence.Message{Player: "alice", Event: "map", Data: json.RawMessage(`"` + string(text) + `"`), DedupKey: "map 7"})
		_, invalid := errors.AsType[*matchq.InvalidError](err)
		fmt.Println(err == nil, invalid)
	}
	fmt.Println("a mailbox keeps", presence.MailboxSize, "messages for", p.Config().MailboxKeep)
	fmt.Println("a connection has", presence.MaxData, "bytes of data")
	// Output:
	// true false
	// false true
	// a mailbox keeps 256 messages for 1m5s
	// a connection has 4096 bytes of data
}
