package ws

import (
	"log/slog"
	"net"
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
	maxFrame     = 16 << 10 // bytes a client may send at once
	kernelBuffer = 64 << 10 // bytes that may pile up in the system, which else takes megabytes of a slow client's
	maxReason    = 123      // bytes; what a close frame has room for
)

// protocol is a connection as the WebSocket below it sees it. Calls come one after another, and none of text and binary
// once the server has closed the connection.
type protocol interface {
	opened(l *link)
	text(data []byte)
	binary()
	goodbye() // the client closes the connection in order, and nothing waits to be sent: it knows what it was told
	gone()    // the connection has ended, for whatever reason; there is no further call
}

// websockets makes WebSockets of requests. Nothing but this file knows melody.
type websockets struct {
	melody  *melody.Melody
	log     *slog.Logger
	dropped func(reason string)
}

// newWebsockets makes a websockets. refused answers requests that do not become one.
func newWebsockets(
	log *slog.Logger, dropped func(reason string), refused func(w http.ResponseWriter, r *http.Request, reason string),
) *websockets {
	ws := &websockets{melody: melody.New(), log: log, dropped: dropped}
	m := ws.melody
	m.Config.MaxMessageSize = maxFrame
	m.Config.MessageBufferSize = 1 // frames queue in link, which can say no to one
	m.Upgrader.HandshakeTimeout = 5 * time.Second
	m.Upgrader.WriteBufferPool = &sync.Pool{} // most connections are silent most of the time
	m.Upgrader.CheckOrigin = func(*http.Request) bool { return true }
	m.Upgrader.Error = func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
		refused(w, r, strings.TrimPrefix(reason.Error(), "websocket: "))
	}
	m.HandleConnect(func(s *melody.Session) {
		if tcp, ok := s.WebsocketConnection().UnderlyingConn().(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(kernelBuffer)
		}
		ws.call(s, func(l *link) {
			s.Request = nil
			l.upgraded()
			l.socket = socket{s}
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
	m.HandleError(func(s *melody.Session, err error) { ws.call(s, func(l *link) { l.failed(err) }) })
	m.HandleSentMessage(func(s *melody.Session, _ []byte) { ws.call(s, (*link).sent) })
	m.HandleClose(func(s *melody.Session, code int, _ string) error {
		ws.call(s, func(l *link) {
			if l.isIdle() {
				l.protocol.goodbye()
			}
		})
		socket{s}.sendClose(code, "")
		return nil
	})
	return ws
}

// errTooLarge is how a connection fails whose client sent more at once than it may.
var errTooLarge = websocket.ErrReadLimit

const linkKey = "link"

// serve makes a request a WebSocket, which has its own goroutine: that of the request, with all that net/http and Echo
// keep on its stack, would double what an idle connection takes. ended is called when it has ended, or was none.
func (ws *websockets) serve(w http.ResponseWriter, r *http.Request, sp protocol, ended func()) {
	l := &link{protocol: sp, log: ws.log, dropped: ws.dropped}
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
	<-upgraded // from then on w is not used any more
}

func (ws *websockets) recovered() {
	if p := recover(); p != nil {
		ws.log.Error("a connection panicked", "panic", p, "stack", string(debug.Stack()))
	}
}

// call does something with a session's link. A panic would leak melody's session, so it ends here.
func (ws *websockets) call(s *melody.Session, do func(*link)) {
	defer ws.recovered()
	if l, ok := s.Keys[linkKey].(*link); ok {
		do(l)
	}
}

// socket is what a link sends by.
type socket struct{ session *melody.Session }

// send hands a text frame over. melody has room for one; when it has been sent, it calls link.sent.
func (w socket) send(frame []byte) { _ = w.session.Write(frame) } // or the connection has ended

// sendClose sends a close frame, and says whether it could before long.
func (w socket) sendClose(code int, reason string) bool {
	const closeMessage = 8
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	payload := melody.FormatCloseMessage(code, reason)
	return w.session.WebsocketConnection().WriteControl(closeMessage, payload, time.Now().Add(closeTimeout)) == nil
}

// cut ends the connection at once; melody notices. The session's own Close could block.
func (w socket) cut() { _ = w.session.WebsocketConnection().Close() }
