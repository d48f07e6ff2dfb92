package ws

import (
	"encoding/json"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/packet"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// socketIO is a Socket.IO connection. Its session lasts while the client is in a namespace.
type socketIO struct {
	conn
	version     int  // of Engine.IO
	hasToken    bool // the handshake has a token
	heartbeat   heartbeat
	attachments int // binary frames to come that belong to a refused packet
	outlet      outlet
	joining     *time.Timer // ends a connection without a namespace
	poller      *poller     // of a session that began by polling
	violated    bool        // the client has violated the protocol
}

func (c *socketIO) opened(l *link) {
	c.link = l
	c.heartbeat.times, c.heartbeat.onDead = c.Times, c.dead
	if c.version == 4 {
		c.heartbeat.ping = func() { c.write([]byte{enginePing}) }
	}
	c.outlet.send, c.outlet.wait = c.send, c.Times.App
	c.add(c)
	c.sendHandshake()
	c.heartbeat.start()
	c.joining = time.AfterFunc(c.Times.Join, c.joinTimedOut)
	if c.poller == nil {
		c.layer.begin(c)
	}
}

// enterRoot lets clients of Engine.IO 3 into /. They do not ask for it.
func (c *socketIO) enterRoot() {
	if c.version == 3 && (c.authErr == nil || c.hasToken) {
		c.join(&packet.Packet{Namespace: packet.Root})
	}
}

// dead ends a connection whose heartbeat has failed.
func (c *socketIO) dead() {
	if c.isOpen() {
		c.Dropped(dropSilent)
	}
	c.Close(closeProtocol, "no sign of life")
	if c.poller != nil {
		c.poller.cutUnpolled()
	}
}

// joinTimedOut ends a connection that has joined no namespace. Clients 2 join / implicitly, so that only now their
// token is known to be missing.
func (c *socketIO) joinTimedOut() {
	if c.outlet.main() != "" {
		return // joined just now
	}
	if c.version == 3 && c.authErr != nil {
		c.refuse(packet.Root, unauthorized(c.authErr))
		c.Close(sessions.CloseUnauthorized, "no token")
		return
	}
	c.Close(closeProtocol, "no namespace was joined")
}

func (c *socketIO) gone() {
	c.heartbeat.stop()
	c.joining.Stop()
	c.remove(c)
	c.closeSession()
}

// message handles a Socket.IO packet.
func (c *socketIO) message(data []byte) {
	if c.attachments > 0 {
		c.malformed("a packet before the attachments of the last one")
		return
	}
	var p packet.Packet
	var err error
	c.workers.Do(func() { p, err = packet.Parse(data) })
	if err != nil {
		c.malformed(err.Error())
		return
	}
	c.attachments = p.Attachments
	switch p.Type {
	case packet.Connect:
		c.workers.Do(func() { c.join(&p) })
	case packet.Disconnect:
		c.leave(p.Namespace)
	case packet.Event, packet.BinaryEvent:
		c.layer.event(c, &p)
	case packet.Ack, packet.BinaryAck, packet.Error: // this server asks for no acknowledgement
	}
}

// attachment handles a binary message. One that belongs to a refused packet has been answered.
func (c *socketIO) attachment() {
	if c.attachments == 0 {
		c.malformed("a binary message that belongs to no packet")
		return
	}
	c.attachments--
}

// malformed ends a connection whose client violates the protocol, as Socket.IO requires.
func (c *socketIO) malformed(problem string) {
	c.violated = true
	if !c.polls() { // pollers are told by Close
		c.sendError(wire.Errorf(wire.CodeBadMessage, "%s", problem))
	}
	c.Close(closeProtocol, problem)
}

func (c *socketIO) event(p *packet.Packet) {
	if !c.outlet.has(p.Namespace) {
		if c.outlet.main() == "" {
			c.malformed("an event before a namespace was joined")
			return
		}
		c.refuse(p.Namespace, c.notJoined(p.Namespace))
		return
	}
	a := c.responder(p)
	if p.Type == packet.BinaryEvent {
		a.fail(wire.Errorf(wire.CodeBadMessage, "binary data is not supported: send JSON"))
		return
	}
	var event string
	var data json.RawMessage
	var err error
	c.workers.Do(func() { event, data, err = p.Args() })
	if err != nil {
		a.fail(wire.Errorf(wire.CodeBadMessage, "%v", err))
		return
	}
	c.handle(a, event, data)
}

func (c *socketIO) notJoined(namespace string) *wire.Error {
	if c.layer.isNamespace(namespace) {
		return wire.Errorf(wire.CodeBadMessage, "not connected to this namespace")
	}
	return invalidNamespace()
}

func isNamespace(name string) bool { return name == appNamespace || name == packet.Root }

func invalidNamespace() *wire.Error { return wire.Errorf(wire.CodeNotFound, "Invalid namespace") }

// leave takes the client out of a namespace. After the last one its session ends.
func (c *socketIO) leave(namespace string) {
	if c.outlet.leave(namespace) {
		c.joining.Reset(c.Times.Join)
		c.goodbye()
		c.closeSession()
	}
}

// Send queues an event.
func (c *socketIO) Send(event string, data json.RawMessage) { c.Push(event, "", data) }

// Push queues an event, or has it wait for a namespace.
func (c *socketIO) Push(event, seq string, data json.RawMessage) {
	c.outlet.push(outPush{event: event, seq: seq, data: data})
}

// endCodes are the errors that stand for close codes.
var endCodes = map[int]wire.Code{
	sessions.CloseReplaced: wire.CodeReplaced, sessions.CloseUnauthorized: wire.CodeUnauthorized,
	sessions.CloseGoingAway: wire.CodeShuttingDown, sessions.CloseOverload: wire.CodeOverloaded,
	closeProtocol: wire.CodeBadMessage, closeTooLarge: wire.CodeTooLarge,
}

// Close queues a close frame, after which the connection ends. A client that must not reconnect is told to leave its
// namespaces first: it takes a bare close frame with any code for an accident. A client that polls gets no close
// frame, and is told by an error.
func (c *socketIO) Close(code int, reason string) {
	namespace, joined := c.outlet.close()
	isFinal := code == sessions.CloseReplaced || code == sessions.CloseUnauthorized
	var last [][]byte
	if why := endCodes[code]; why != "" && namespace != "" && (isFinal || c.polls()) {
		last = append(last, frameOf(endError(namespace, why, reason)))
	}
	for _, name := range joined {
		if isFinal {
			last = append(last, frameOf(&packet.Packet{Type: packet.Disconnect, Namespace: name}))
		}
	}
	c.close(code, reason, last...)
}

func endError(namespace string, code wire.Code, reason string) *packet.Packet {
	return packet.NewEvent(namespace, "error", errorPayload(wire.Errorf(code, "%s", reason)))
}

// polls reports whether the client has no WebSocket.
func (c *socketIO) polls() bool { return c.poller != nil && c.current() == socket(c.poller) }

func (c *socketIO) send(p *packet.Packet) { c.write(frameOf(p)) }

func frameOf(p *packet.Packet) []byte { return p.Encode(engineMessage) }

// sendError sends an error that answers no event. A client in no namespace can't be told.
func (c *socketIO) sendError(f *wire.Error) {
	if namespace := c.outlet.main(); namespace != "" {
		c.send(packet.NewEvent(namespace, "error", errorPayload(f)))
	}
}

func (c *socketIO) responder(p *packet.Packet) packetResponder { return packetResponder{c, p} }

// packetResponder answers a packet in its namespace.
type packetResponder struct {
	*socketIO
	p *packet.Packet
}

func (a packetResponder) reply(event string, data json.RawMessage) {
	a.send(packet.NewEvent(a.p.Namespace, event, orEmpty(data)))
}

func (a packetResponder) ack(data json.RawMessage) {
	if a.p.ID != "" {
		a.send(packet.NewAck(a.p, data))
	}
}

// fail answers with an error, as the acknowledgement if one was asked for.
func (a packetResponder) fail(f *wire.Error) {
	if a.p.ID != "" {
		a.ack(append(append(json.RawMessage(`{"error":`), errorPayload(f)...), '}'))
		return
	}
	a.send(packet.NewEvent(a.p.Namespace, "error", errorPayload(f)))
}
