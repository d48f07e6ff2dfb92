package main

import (
	"context"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/presence"
)

// connection is that of one player.
type connection struct {
	out chan presence.Message
	end context.CancelFunc
}

// write writes messages until ctx ends, and then closes the socket, which ends serve.
func (c *connection) write(ctx context.Context, socket *websocket.Conn) {
	defer func() { _ = socket.Close() }()
	var err error
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case msg := <-c.out:
			_ = socket.SetWriteDeadline(time.Now().Add(5 * time.Second))
			err = socket.WriteJSON(map[string]any{"event": msg.Event, "data": msg.Data})
		}
	}
}
