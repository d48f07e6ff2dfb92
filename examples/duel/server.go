package main

import (
	"context"
	"log"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/rs/xid"

	"github.com/matchq/matchq/matchq/presence"
)

// server has the connections of this process.
type server struct {
	game        game
	node        *presence.Node
	byID        sync.Map // *connection by its id
	connections sync.WaitGroup
}

func (s *server) connection(id string) *connection {
	found, _ := s.byID.Load(id)
	c, _ := found.(*connection)
	return c
}

// tell gets all messages to players of this process, and must not wait: a client that takes none loses its connection.
func (s *server) tell(msg presence.Message) {
	if c := s.connection(msg.Conn); c != nil {
		select {
		case c.out <- msg:
		default:
			c.end()
		}
	}
}

// replaced hears that a player has a newer connection, here or in another process.
func (s *server) replaced(_, id string) {
	if c := s.connection(id); c != nil {
		c.end()
	}
}

// gone hears of a player who has left and did not come back, in the process that notices it. The other one wins.
func (s *server) gone(ctx context.Context, player string) error {
	return s.game.turn(ctx, player, func(d *duel) string { return d.leave(player) })
}

var upgrader websocket.Upgrader // takes pages of the same host only

// serve has a player play over a WebSocket until it breaks. The player's name should come from your login.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.connections.Add(1)
	defer s.connections.Done()
	player, id := r.URL.Query().Get("player"), xid.New().String()
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = socket.Close() }()
	ctx, end := context.WithCancel(r.Context())
	defer end()
	c := &connection{make(chan presence.Message, 16), end}
	s.byID.Store(id, c)
	defer s.byID.Delete(id)
	if _, err := s.node.Connect(ctx, player, id, ""); err != nil {
		log.Print(err)
		return // the client connects again
	}
	defer func() { // Run repeats it if Redis is away
		if err := s.node.Disconnect(context.WithoutCancel(ctx), player, id); err != nil {
			log.Print(err)
		}
	}()
	s.connections.Go(func() { c.write(ctx, socket) })
	work := func(err error) { // a connection that can't go on ends: the client connects again
		if err != nil && ctx.Err() == nil {
			log.Print(err)
			end()
		}
	}
	s.connections.Go(func() { work(s.game.resume(ctx, player)) })
	for {
		var says struct {
			Play bool
			Move string
		}
		if socket.ReadJSON(&says) != nil {
			return
		}
		if says.Play {
			s.connections.Go(func() { work(s.game.play(ctx, player)) })
		} else {
			work(s.game.turn(ctx, player, func(d *duel) string { return d.move(player, says.Move) }))
		}
	}
}
