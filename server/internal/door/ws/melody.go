package ws

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"
)

const (
	maxFrame  = 16 << 10 // bytes of a client's frame
	maxReason = 123      // bytes; room in a close frame

	// readBuffer is how many bytes each connection keeps for reading. Most frames of clients are smaller, and the rest of a
	// larger one is not read through it.
	readBuffer = 256
)

// protocol handles the frames of a link. Calls come one at a time. text and binary are not called after the server has
// closed the connection.
type protocol interface {
	opened(l *link)
	text(data []byte)
	binary()
	goodbye() // orderly close by the client, with no frames queued: it has had all of them
	gone()    // the connection has ended; the last call
}

// websockets upgrades requests to WebSockets. Only this file knows melody.
type websockets struct {
	melody  *melody.Melody
	closing time.Duration // Times.Close
	log     *slog.Logger
	dropped func(reason string)
}

// newWebsockets makes a websockets. refused answers requests that can't be upgraded.
func newWebsockets(
	closing time.Duration, log *slog.Logger, dropped func(reason string), refused func(w http.ResponseWriter, r *http.Request, reason string),
) *websockets {
	ws := &websockets{melody: melody.New(), closing: closing, log: log, dropped: dropped}
	m := ws.melody
	m.Config.MaxMessageSize = maxFrame
	m.Config.MessageBufferSize = 1 // link queues frames, since it can refuse one
	m.Upgrader.HandshakeTimeout = 5 * time.Second
	m.Upgrader.ReadBufferSize = readBuffer
	m.Upgrader.WriteBufferPool = &sync.Pool{} // most connections are idle
	m.Upgrader.CheckOrigin = func(*http.Request) bool { return true }
	m.Upgrader.Error = func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
		refused(w, r, strings.TrimPrefix(reason.Error(), "websocket: "))
	}
	m.HandleConnect(func(s *melody.Session) {
		ws.call(s, func(l *link) {
			s.Request = nil
			l.upgraded()
			l.socket = melodySocket{s}
			l.protocol.opened(l)
		})
	})
	m.HandleDisconnect(func(s *melody.Session) { ws.call(s, func(l *link) { l.protocol.gone() }) })
	m.HandleMessage(func(s *melody.Session, data []byte) {
		ws.call(s, func(l *link) {
			if l.isOpen() {
				l.protocol.text(data)
			}
		})
	})
	m.HandleMessageBinary(func(s *melody.Session, _ []byte) {
		ws.call(s, func(l *link) {
			if l.isOpen() {
				l.protocol.binary()
			}
		})
	})
	m.HandleError(func(s *melody.Session, err error) {
		// Write calls this in link.write, which must not be called back. The end of the connection follows.
		if !errors.Is(err, melody.ErrWriteClosed) && !errors.Is(err, melody.ErrMessageBufferFull) {
			ws.call(s, func(l *link) { l.failed(err) })
		}
	})
	m.HandleSentMessage(func(s *melody.Session, _ []byte) { ws.call(s, (*link).sent) })
	m.HandleClose(func(s *melody.Session, code int, _ string) error {
		ws.call(s, func(l *link) {
			if l.isIdle() {
				l.protocol.goodbye()
			}
		})
		melodySocket{s}.sendClose(code, "")
		return nil
	})
	return ws
}

// errTooLarge is the error of a frame over the size limit.
var errTooLarge = websocket.ErrReadLimit

const linkKey = "link"

// serve upgrades a request. The WebSocket gets a goroutine of its own: the request's stack, with net/http and Echo on
// it, would double the memory of an idle connection. ended is called in the end, also after a failure.
func (ws *websockets) serve(w http.ResponseWriter, r *http.Request, sp protocol, ended func()) {
	l := &link{protocol: sp, closing: ws.closing, log: ws.log, dropped: ws.dropped}
	upgraded := make(chan struct{})
	l.upgraded = sync.OnceFunc(func() { close(upgraded) })
	go func() {
		defer ended()
		defer l.upgraded()
		defer ws.recovered()
		if err := ws.melody.HandleRequestWithKeys(w, r, map[string]any{linkKey: l}); err != nil {
			ws.log.Debug("not a websocket", "error", err)
		}
	}()
	<-upgraded // w is no longer used
}

func (ws *websockets) recovered() {
	if p := recover(); p != nil {
		ws.log.Error("a connection panicked", "panic", p, "stack", string(debug.Stack()))
	}
}

// call runs do for a session's link. It stops panics, which would leak melody's session.
func (ws *websockets) call(s *melody.Session, do func(*link)) {
	defer ws.recovered()
	if l, ok := s.Keys[linkKey].(*link); ok {
		do(l)
	}
}

// melodySocket is a WebSocket.
type melodySocket struct{ session *melody.Session }

// send hands over a text frame. melody has room for one and calls link.sent afterwards.
func (w melodySocket) send(frame []byte) { _ = w.session.Write(frame) } // an error means that the connection has ended

// sendClose sends a close frame and reports whether it could.
func (w melodySocket) sendClose(code int, reason string) bool {
	const closeMessage = 8
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	payload := melody.FormatCloseMessage(code, reason)
	return w.session.WebsocketConnection().WriteControl(closeMessage, payload, time.Now().Add(closeTimeout)) == nil
}

// cut ends the connection at once. melody notices; Close of its session could block.
func (w melodySocket) cut() { _ = w.session.WebsocketConnection().Close() }
