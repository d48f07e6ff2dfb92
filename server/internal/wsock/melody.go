package wsock

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/olahol/melody"

	"github.com/matchq/matchq/server/internal/sessions"
)

const (
	maxFrame     = 16 << 10
	sendBuffer   = 64       // messages; a client that lets more pile up is cut off
	kernelBuffer = 64 << 10 // bytes more that may pile up in the system, which else takes megabytes
	maxReason    = 123      // bytes; what a close frame has room for
)

// speaker is a connection as the WebSocket below it sees it. Calls come one after another.
type speaker interface {
	opened(*link)
	text(data []byte)
	binary()
	goodbye() // the client closes the connection in order: what it was sent has reached it
	gone()    // the connection has ended, for whatever reason; there is no further call
}

// websockets makes WebSockets of requests. Nothing but this file knows melody.
type websockets struct {
	melody *melody.Melody
	log    *slog.Logger
}

// newWebsockets makes a websockets. refused answers requests that do not become one.
func newWebsockets(log *slog.Logger, refused func(w http.ResponseWriter, r *http.Request, reason string)) *websockets {
	ws := &websockets{melody: melody.New(), log: log}
	m := ws.melody
	m.Config.MaxMessageSize = maxFrame
	m.Config.MessageBufferSize = sendBuffer
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
		ws.call(s, func(sp speaker) { sp.opened(&link{socket: s, log: log}) })
	})
	m.HandleDisconnect(func(s *melody.Session) { ws.call(s, speaker.gone) })
	m.HandleMessage(func(s *melody.Session, data []byte) {
		ws.call(s, func(sp speaker) { sp.text(data) })
	})
	m.HandleMessageBinary(func(s *melody.Session, _ []byte) { ws.call(s, speaker.binary) })
	m.HandleClose(func(s *melody.Session, code int, _ string) error {
		ws.call(s, speaker.goodbye)
		control(s, melody.FormatCloseMessage(code, ""))
		return nil
	})
	m.HandleError(func(s *melody.Session, err error) {
		if errors.Is(err, melody.ErrMessageBufferFull) {
			cutOff(s, log)
		}
	})
	return ws
}

const (
	speakerKey = "speaker"
	cutKey     = "cut" // → *sync.Once
)

// serve makes a request a WebSocket and serves it until it ends.
func (ws *websockets) serve(w http.ResponseWriter, r *http.Request, sp speaker) {
	if err := ws.melody.HandleRequestWithKeys(w, r, map[string]any{speakerKey: sp, cutKey: &sync.Once{}}); err != nil {
		ws.log.Debug("not a websocket", "error", err)
	}
}

// call calls a speaker. A panic would leak melody's session, so it ends here.
func (ws *websockets) call(s *melody.Session, do func(speaker)) {
	defer func() {
		if p := recover(); p != nil {
			ws.log.Error("a connection panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	if sp, ok := s.Keys[speakerKey].(speaker); ok {
		do(sp)
	}
}

// cutOff ends a connection whose client does not read. It may be called under locks, so what can block has its own
// goroutine; the session's own Close would come back here.
func cutOff(s *melody.Session, log *slog.Logger) {
	once, _ := s.Keys[cutKey].(*sync.Once)
	once.Do(func() {
		log.Info("a client was too slow and is cut off")
		go func() {
			control(s, melody.FormatCloseMessage(sessions.CloseOverload, "too slow"))
			_ = s.WebsocketConnection().Close()
		}()
	})
}

// control sends a close frame past the queue, if there is a chance within a second.
func control(s *melody.Session, payload []byte) {
	const closeMessage = 8
	_ = s.WebsocketConnection().WriteControl(closeMessage, payload, time.Now().Add(time.Second)) // or it is gone
}

// link is one WebSocket, whatever is spoken on it. Its methods may be called by many goroutines and do not block.
type link struct {
	socket *melody.Session
	log    *slog.Logger
}

// write queues a text frame. It can fail only if the connection has ended or is too slow, and then the connection ends.
func (l *link) write(frame []byte) { _ = l.socket.Write(frame) }

// close queues a close frame; the connection ends after it.
func (l *link) close(code int, reason string) {
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	_ = l.socket.CloseWithMsg(melody.FormatCloseMessage(code, reason))
}

// abort ends the connection at once.
func (l *link) abort() { _ = l.socket.WebsocketConnection().Close() }
