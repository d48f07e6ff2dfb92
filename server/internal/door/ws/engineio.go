package ws

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Engine.IO is the layer below Socket.IO: a handshake, signs of life, and messages. A text frame begins with its type.
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineBase64  = 'b' // a binary message of a client that can't send binary frames
)

// SocketIO makes a request a Socket.IO connection. address is the client's.
func (s *Sockets) SocketIO(w http.ResponseWriter, r *http.Request, address string) {
	query := r.URL.Query()
	if !isUpgrade(r) || query.Get("transport") != "websocket" {
		s.pollWarning.Do(func() {
			s.Log.Warn("refused a Socket.IO client that polls: it must be told transports: ['websocket']",
				"address", address, "origin", r.Header.Get("Origin"))
		})
		s.Refuse(w, r, wire.Errorf(wire.CodeTransportUnknown,
			"Socket.IO is spoken over WebSocket only: give the client the option transports: ['websocket']"))
		return
	}
	c := &socketIO{conn: s.newConn(address)}
	switch query.Get("EIO") {
	case "4":
		c.version = 4
	case "3":
		c.version = 3
	default:
		s.Refuse(w, r, wire.Errorf(wire.CodeTransportUnknown, "Engine.IO 3 and 4 are spoken: connect with EIO=4 or EIO=3"))
		return
	}
	c.identity, c.authErr = s.Guard.OfRequest(r)
	c.hasToken = query.Has("token") || r.Header.Get("Authorization") != ""
	s.serve(w, r, c, &c.conn)
}

// handshake is the first thing a client is sent.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload,omitempty"`
}

func (c *socketIO) sendHandshake() {
	h := handshake{
		SID: c.sid, Upgrades: []string{}, PingInterval: c.Times.PingInterval.Milliseconds(), PingTimeout: c.Times.PingTimeout.Milliseconds(),
	}
	if c.version == 4 {
		h.MaxPayload = maxFrame
	}
	c.write(append([]byte{engineOpen}, wire.Encode(h)...))
}

// text takes a frame apart.
func (c *socketIO) text(data []byte) {
	c.heartbeat.onFrame(data)
	if drop, tell := c.limitFrames(); drop {
		if tell != nil {
			c.sendError(tell)
		}
		return
	}
	if len(data) == 0 {
		c.sendError(wire.Errorf(wire.CodeBadMessage, "an empty frame"))
		return
	}
	switch data[0] {
	case engineMessage:
		c.message(data[1:])
	case enginePing:
		c.write(append([]byte{enginePong}, data[1:]...))
	case enginePong:
	case engineClose:
		c.goodbye()
		c.Close(closeNormal, "")
	case engineBase64:
		c.attachment()
	default:
		c.sendError(wire.Errorf(wire.CodeBadMessage, "there is no use for an Engine.IO packet of type %q", rune(data[0])))
	}
}

func (c *socketIO) binary() {
	c.heartbeat.onFrame(nil)
	if drop, tell := c.limitFrames(); !drop {
		c.attachment()
	} else if tell != nil {
		c.sendError(tell)
	}
}

// heartbeat finds out that a client is not there any more, of which TCP alone may not tell for hours. With Engine.IO 4 the
// server pings and the client has a while to answer, with 3 the client pings.
type heartbeat struct {
	mu       sync.Mutex
	times    Times
	ping     func() // nil with Engine.IO 3
	onDead   func()
	awaiting bool // the ping has gone out
	timer    *time.Timer
}

func (p *heartbeat) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.timeout(), p.onTimer)
}

// timeout is how long it is until the next beat.
func (p *heartbeat) timeout() time.Duration {
	switch {
	case p.ping == nil:
		return p.times.PingInterval + p.times.PingTimeout
	case p.awaiting:
		return p.times.PingTimeout
	default:
		return p.times.PingInterval
	}
}

func (p *heartbeat) onTimer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ping == nil || p.awaiting {
		p.onDead()
		return
	}
	p.ping()
	p.awaiting = true
	p.timer.Reset(p.timeout())
}

// onFrame is told of every frame. With Engine.IO 4 only the answer to the ping counts.
func (p *heartbeat) onFrame(frame []byte) {
	if p.ping != nil && (len(frame) == 0 || frame[0] != enginePong) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awaiting = false
	p.timer.Reset(p.timeout())
}

func (p *heartbeat) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
}

// tokenIn reads the token from a namespace's query, where clients 2 put it.
func tokenIn(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return values.Get("token")
}
