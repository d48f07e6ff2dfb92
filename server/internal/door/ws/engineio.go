package ws

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Engine.IO is the layer below Socket.IO: handshake, heartbeat and messages. A frame's first byte is its type.
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineUpgrade = '5'
	engineNoop    = '6'
	engineBase64  = 'b' // a binary message of clients without binary frames
)

// SocketIO serves a request of a Socket.IO client, by polling or for a WebSocket. address is the client's.
func (s *Sockets) SocketIO(w http.ResponseWriter, r *http.Request, address string) {
	query := r.URL.Query()
	version, transport := query.Get("EIO"), query.Get("transport")
	switch sid := query.Get("sid"); {
	case transport != "polling" && transport != "websocket", query.Has("j"):
		s.refuseEngine(w, transportUnknown, "connect with transport=polling or transport=websocket; there is no JSONP")
	case sid != "":
		s.ofSession(w, r, sid, transport)
	case r.Method != http.MethodGet:
		s.refuseEngine(w, badMethod, "connect by GET")
	case version != "3" && version != "4":
		s.refuseEngine(w, versionUnknown, "connect with EIO=4 or EIO=3")
	case transport == "polling":
		s.beginPolling(w, r, s.newSocketIO(r, version, address))
	case !isUpgrade(r):
		s.refuseEngine(w, badRequest, needsUpgrade)
	default:
		c := s.newSocketIO(r, version, address)
		s.serve(w, r, c, &c.conn)
	}
}

func (s *Sockets) newSocketIO(r *http.Request, version, address string) *socketIO {
	c := &socketIO{conn: s.newConn(address), version: int(version[0] - '0'), hasToken: hasToken(r)}
	c.identity, c.authErr = s.Guard.OfRequest(r)
	return c
}

// handshake is the first frame of the server.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload,omitempty"`
}

// sendHandshake sends the handshake. The sid of a session that polls is another than the published one.
func (c *socketIO) sendHandshake() {
	h := handshake{
		SID: c.sid, Upgrades: []string{}, PingInterval: c.Times.PingInterval.Milliseconds(), PingTimeout: c.Times.PingTimeout.Milliseconds(),
	}
	if c.poller != nil {
		h.SID, h.Upgrades = c.poller.sid, []string{"websocket"}
	}
	if c.version == 4 {
		h.MaxPayload = c.maxPayload
	}
	c.write(append([]byte{engineOpen}, wire.Encode(h)...))
}

// text handles a text frame.
func (c *socketIO) text(data []byte) {
	c.heartbeat.onFrame(data)
	if drop, tell := c.limitFrames(); drop {
		if tell != nil {
			c.sendError(tell)
		}
		return
	}
	if len(data) == 0 {
		c.malformed("an empty frame")
		return
	}
	switch data[0] {
	case engineMessage:
		c.layer.message(c, data[1:])
	case enginePing:
		c.write(append([]byte{enginePong}, data[1:]...))
	case enginePong, engineOpen, engineUpgrade, engineNoop: // of no use here
	case engineClose:
		c.goodbye()
		c.Close(closeNormal, "")
	case engineBase64:
		c.attachment()
	default:
		c.malformed(fmt.Sprintf("unknown Engine.IO packet type %q", rune(data[0])))
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

// heartbeat detects dead clients, which TCP alone may not notice for hours. In Engine.IO 4 the server pings and the
// client must answer in time; in 3 the client pings.
type heartbeat struct {
	mu       sync.Mutex
	times    Times
	ping     func() // nil with Engine.IO 3
	onDead   func()
	awaiting bool // a ping has no answer yet
	timer    *time.Timer
}

func (p *heartbeat) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.timeout(), p.onTimer)
}

// timeout is the time until the next step.
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

// onFrame takes a frame as a sign of life; in Engine.IO 4 only the answer to a ping.
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

// tokenIn returns the token in a namespace's query, as clients 2 send it.
func tokenIn(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return values.Get("token")
}
