package ws

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/packet"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// appNamespace is the namespace of the old apps.
const appNamespace = "/sunapp"

// socketIO is a Socket.IO connection. Its session lasts while the client is in a namespace.
type socketIO struct {
	conn
	version     int  // of Engine.IO
	hasToken    bool // the handshake has a token
	heartbeat   heartbeat
	attachments int // binary frames to come that belong to a refused packet

	mu        sync.Mutex
	joined    []string
	joining   *time.Timer // ends a connection without a namespace
	buffering bool
	buffered  []*packet.Packet // while buffering
	closing   bool
}

func (c *socketIO) opened(l *link) {
	c.link = l
	c.heartbeat.times, c.heartbeat.onDead = c.Times, c.dead
	if c.version == 4 {
		c.heartbeat.ping = func() { c.write([]byte{enginePing}) }
	}
	c.heartbeat.start()
	c.joining = time.AfterFunc(c.Times.Join, c.joinTimedOut)
	c.add(c)
	c.sendHandshake()
	if c.version == 3 && (c.authErr == nil || c.hasToken) { // these clients are in / from the start
		c.join(&packet.Packet{Namespace: packet.Root})
	}
}

// dead ends a connection whose heartbeat has failed.
func (c *socketIO) dead() {
	if c.isOpen() {
		c.Dropped(dropSilent)
	}
	c.Close(closeProtocol, "no sign of life")
}

// joinTimedOut ends a connection that has joined no namespace. Clients 2 join / implicitly, so that only now their
// token is known to be missing.
func (c *socketIO) joinTimedOut() {
	if c.main() != "" {
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
	p, err := packet.Parse(data)
	c.attachments = p.Attachments
	if err != nil {
		c.responder(&p).fail(wire.Errorf(wire.CodeBadMessage, "%v", err))
		return
	}
	switch p.Type {
	case packet.Connect:
		c.join(&p)
	case packet.Disconnect:
		c.leave(p.Namespace)
	case packet.Event:
		c.event(&p)
	case packet.BinaryEvent:
		c.responder(&p).fail(wire.Errorf(wire.CodeBadMessage, "binary data is not supported: send JSON"))
	case packet.Ack, packet.BinaryAck: // this server asks for no acknowledgement
	default:
		c.sendError(wire.Errorf(wire.CodeBadMessage, "unexpected packet of type %c", p.Type))
	}
}

// attachment handles a binary message. One that belongs to a refused packet has been answered.
func (c *socketIO) attachment() {
	if c.attachments > 0 {
		c.attachments--
		return
	}
	c.sendError(wire.Errorf(wire.CodeBadMessage, "binary messages are not supported: send JSON"))
}

func (c *socketIO) event(p *packet.Packet) {
	if !c.isIn(p.Namespace) {
		c.refuse(p.Namespace, notJoined(p.Namespace))
		return
	}
	a := c.responder(p)
	event, data, err := p.Args()
	if err != nil {
		a.fail(wire.Errorf(wire.CodeBadMessage, "%v", err))
		return
	}
	c.handle(a, event, data)
}

func notJoined(namespace string) *wire.Error {
	if isNamespace(namespace) {
		return wire.Errorf(wire.CodeBadMessage, "not connected to this namespace")
	}
	return invalidNamespace()
}

func isNamespace(name string) bool { return name == appNamespace || name == packet.Root }

func invalidNamespace() *wire.Error { return wire.Errorf(wire.CodeNotFound, "Invalid namespace") }

// credentials are the payload with which clients 3 and 4 join a namespace.
type credentials struct {
	Token  string `json:"token"`
	PID    string `json:"pid"`
	Offset string `json:"offset"`
}

// leave takes the client out of a namespace. After the last one its session ends.
func (c *socketIO) leave(namespace string) {
	c.mu.Lock()
	before := len(c.joined)
	c.joined = slices.DeleteFunc(c.joined, func(name string) bool { return name == namespace })
	left := before > 0 && len(c.joined) == 0
	if left {
		c.joining.Reset(c.Times.Join)
	}
	c.mu.Unlock()
	if left {
		c.goodbye()
		c.closeSession()
	}
}

// main is the namespace of pushes, "" if there is none.
func (c *socketIO) main() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mainLocked()
}

func (c *socketIO) mainLocked() string {
	switch {
	case len(c.joined) == 0:
		return ""
	case slices.Contains(c.joined, appNamespace):
		return appNamespace
	default:
		return packet.Root
	}
}

func (c *socketIO) isIn(namespace string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.joined, namespace)
}

// Send queues an event.
func (c *socketIO) Send(event string, data json.RawMessage) { c.Push(event, "", data) }

// Push queues an event. For clients 4 the last argument is the seq, which they keep for recovery.
func (c *socketIO) Push(event, seq string, data json.RawMessage) {
	args := []json.RawMessage{orEmpty(data)}
	if c.version == 4 && seq != "" {
		args = append(args, quoted(seq))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	namespace := c.mainLocked()
	if namespace == "" {
		return
	}
	p := packet.NewEvent(namespace, event, args...)
	if c.buffering {
		c.buffered = append(c.buffered, p)
		return
	}
	c.send(p)
}

// Close queues a close frame, after which the connection ends. A client that must not reconnect is told to leave its
// namespaces first: it takes a bare close frame for an accident, whatever the code.
func (c *socketIO) Close(code int, reason string) {
	c.mu.Lock()
	namespace, joined := c.mainLocked(), c.joined
	c.joined, c.closing = nil, true
	c.mu.Unlock()
	why := map[int]wire.Code{sessions.CloseReplaced: wire.CodeReplaced, sessions.CloseUnauthorized: wire.CodeUnauthorized}[code]
	if why != "" && namespace != "" {
		c.send(packet.NewEvent(namespace, "error", errorPayload(wire.Errorf(why, "%s", reason))))
		for _, name := range joined {
			c.send(&packet.Packet{Type: packet.Disconnect, Namespace: name})
		}
	}
	c.close(code, reason)
}

func (c *socketIO) send(p *packet.Packet) { c.write(p.Append([]byte{engineMessage})) }

// sendError sends an error that answers no event.
func (c *socketIO) sendError(f *wire.Error) {
	c.responder(&packet.Packet{Namespace: packet.Root}).fail(f)
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

// fail answers with an error, as the acknowledgement if one was asked for. A client in no namespace can't be told, so
// its connection is closed.
func (a packetResponder) fail(f *wire.Error) {
	isEvent := a.p.Type == packet.Event || a.p.Type == packet.BinaryEvent
	namespace := a.p.Namespace
	if !a.isIn(namespace) {
		namespace = a.main()
	} else if isEvent && a.p.ID != "" {
		a.ack(append(append(json.RawMessage(`{"error":`), errorPayload(f)...), '}'))
		return
	}
	if namespace == "" {
		a.Close(closeProtocol, f.Message)
		return
	}
	a.send(packet.NewEvent(namespace, "error", errorPayload(f)))
}
