// Package wsock is the plain WebSocket transport: JSON frames in front of the event handlers.
package wsock

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/olahol/melody"
	"github.com/rs/xid"

	"github.com/matchq/matchq/server/internal/events"
	"github.com/matchq/matchq/server/internal/fault"
	"github.com/matchq/matchq/server/internal/identity"
	"github.com/matchq/matchq/server/internal/sessions"
	"github.com/matchq/matchq/server/internal/status"
)

const (
	maxFrame   = 16 << 10
	sendBuffer = 64 // messages; a client that lets more pile up is cut off
)

// Sockets serves WebSocket connections.
type Sockets struct {
	events  *events.Events
	index   *sessions.Index
	log     *slog.Logger
	melody  *melody.Melody
	ctx     context.Context // of handlers
	refused func(http.ResponseWriter, *http.Request, *fault.Fault)

	mu      sync.Mutex
	closing bool
	open    map[*conn]bool
	ended   sync.WaitGroup
}

// New makes a Sockets whose handlers work until ctx ends. refused answers requests that do not become a WebSocket.
// Origins are the caller's to check.
func New(ctx context.Context, e *events.Events, log *slog.Logger, refused func(http.ResponseWriter, *http.Request, *fault.Fault)) *Sockets {
	s := &Sockets{
		events: e, index: e.Index, log: log, melody: melody.New(), ctx: ctx, refused: refused, open: map[*conn]bool{},
	}
	s.melody.Config.MaxMessageSize = maxFrame
	s.melody.Config.MessageBufferSize = sendBuffer
	s.melody.Upgrader.HandshakeTimeout = 5 * time.Second
	s.melody.Upgrader.CheckOrigin = func(*http.Request) bool { return true } // the caller has
	s.melody.Upgrader.Error = func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
		refused(w, r, fault.New(fault.UpgradeRequired, "%s", strings.TrimPrefix(reason.Error(), "websocket: ")))
	}
	s.melody.HandleConnect(func(m *melody.Session) {
		guarded(s, func(c *conn) { s.connected(c, m) })(m)
	})
	s.melody.HandleDisconnect(guarded(s, func(c *conn) { c.index.Leave(c.session) }))
	s.melody.HandleMessage(func(m *melody.Session, data []byte) {
		guarded(s, func(c *conn) { c.receive(data) })(m)
	})
	s.melody.HandleMessageBinary(func(m *melody.Session, _ []byte) {
		guarded(s, (*conn).receiveBinary)(m)
	})
	s.melody.HandleClose(func(m *melody.Session, code int, _ string) error {
		guarded(s, func(c *conn) { c.goodbye(code) })(m)
		return nil
	})
	s.melody.HandleError(func(m *melody.Session, err error) {
		if errors.Is(err, melody.ErrMessageBufferFull) {
			guarded(s, (*conn).tooSlow)(m)
		}
	})
	return s
}

// guarded makes a callback of melody's. A panic there would leak the session, so it ends here.
func guarded(s *Sockets, do func(*conn)) func(*melody.Session) {
	return func(m *melody.Session) {
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("a connection panicked", "panic", p, "stack", string(debug.Stack()))
			}
		}()
		if c, ok := m.Keys[connKey].(*conn); ok {
			do(c)
		}
	}
}

const connKey = "conn"

// Serve makes a request a WebSocket and serves it until it ends. address is the client's.
func (s *Sockets) Serve(w http.ResponseWriter, r *http.Request, address string) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		s.refused(w, r, fault.New(fault.UpgradeRequired, "this is a WebSocket: connect with a WebSocket client"))
		return
	}
	c := &conn{Sockets: s}
	if !s.enter(c) {
		s.refused(w, r, fault.Stopping())
		return
	}
	defer s.leave(c)
	c.session = s.index.Open(xid.New().String(), address, identity.Identity{}, c)
	if err := s.melody.HandleRequestWithKeys(w, r, map[string]any{connKey: c}); err != nil {
		s.log.Debug("not a websocket", "error", err)
	}
}

func (s *Sockets) enter(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open[c] = true
	s.ended.Add(1)
	return true
}

func (s *Sockets) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	s.ended.Done()
}

// connected is called when the upgrade is done.
func (s *Sockets) connected(c *conn, socket *melody.Session) {
	s.mu.Lock()
	c.socket = socket
	closing := s.closing
	s.mu.Unlock()
	if closing {
		c.Close(sessions.CloseGoingAway, goingAway)
	}
}

const goingAway = "the server is shutting down"

// Close tells every client that the server stops, and returns when all connections have ended. Those that
// have not when ctx ends are cut off.
func (s *Sockets) Close(ctx context.Context) {
	s.each(func(c *conn) { c.Close(sessions.CloseGoingAway, goingAway) })
	done := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.each(func(c *conn) { _ = c.socket.WebsocketConnection().Close() })
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
}

// each lets no further connection in and calls do for those there are.
func (s *Sockets) each(do func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	for c := range s.open {
		if c.socket != nil {
			do(c)
		}
	}
}

// conn is one connection; it is the transport of its session.
type conn struct {
	*Sockets
	socket  *melody.Session // nil until the upgrade is done
	session *sessions.Session
	slow    sync.Once
}

// Send queues a frame.
func (c *conn) Send(event string, data json.RawMessage) { c.write(encode(event, nil, data)) }

// Push queues a frame.
func (c *conn) Push(event, seq string, data json.RawMessage) {
	c.write(encodePush(event, nil, seq, data))
}

// write can fail only if the connection has ended or is too slow; melody tells HandleError, and the read loop ends.
func (c *conn) write(frame []byte) { _ = c.socket.Write(frame) }

// Close queues a close frame, after which melody closes the connection.
func (c *conn) Close(code int, reason string) {
	_ = c.socket.CloseWithMsg(melody.FormatCloseMessage(code, reason))
}

// tooSlow cuts a client off that does not read. It may be called under locks, so what can block has its own goroutine;
// the session's own Close would come back here.
func (c *conn) tooSlow() {
	c.slow.Do(func() {
		go func() {
			c.control(melody.FormatCloseMessage(sessions.CloseOverload, "too slow"))
			_ = c.socket.WebsocketConnection().Close()
		}()
	})
}

// goodbye answers the client's close frame.
func (c *conn) goodbye(code int) {
	c.session.Bye()
	c.control(melody.FormatCloseMessage(code, ""))
}

// control sends a close frame past the queue.
func (c *conn) control(payload []byte) {
	const closeMessage = 8
	_ = c.socket.WebsocketConnection().WriteControl(closeMessage, payload, time.Now().Add(time.Second)) // or it is gone
}

// receive handles one text frame. Frames of a connection come one after another.
func (c *conn) receive(data []byte) {
	f, err := parseFrame(data)
	if err != nil {
		c.fail(f.ID, fault.New(fault.BadMessage, "%v", err))
		return
	}
	c.session.Begin()
	defer c.session.End()
	reply, failure := c.events.Handle(c.ctx, c.session, *f.Event, f.Data)
	if failure != nil {
		c.fail(f.ID, failure)
		return
	}
	if reply.Event != "" {
		c.Send(reply.Event, reply.Data)
	}
	if f.ID != nil {
		c.write(encode("ack", f.ID, reply.Data))
	}
}

func (c *conn) receiveBinary() {
	c.fail(nil, fault.New(fault.BadMessage, "binary frames are not understood: send text"))
}

// fail sends an error.
func (c *conn) fail(id json.RawMessage, f *fault.Fault) {
	data := status.Encode(errorData{f.Code, f.Message, f.RetryAfter.Milliseconds()})
	c.write(encode("error", id, data))
}
