package ws

import "github.com/matchq/matchq/server/internal/door/ws/packet"

// layer is what Engine.IO carries. The official test suites of the protocols need another one than the server's, which
// answers with the data it gets; tests put it in place.
type layer struct {
	begin       func(c *socketIO)              // a client has come
	message     func(c *socketIO, data []byte) // from the client
	isNamespace func(name string) bool
	joined      func(c *socketIO, p *packet.Packet)
	event       func(c *socketIO, p *packet.Packet)
}

var socketIOLayer = layer{
	begin: (*socketIO).enterRoot, message: (*socketIO).message, isNamespace: isNamespace,
	joined: func(*socketIO, *packet.Packet) {}, event: (*socketIO).event,
}
