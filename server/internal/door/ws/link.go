package ws

import (
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/play/sessions"
)

// What may wait to be sent on a connection. There is room for whatever a player has missed; a client that lets more pile
// up is too slow.
const (
	mostWaiting = 512
	mostBytes   = 512 << 10
)

// linger is how long the client has to answer a close frame. Cutting the connection before could keep what was sent last
// from arriving.
const linger = 2 * time.Second

// link is one WebSocket, whatever is spoken on it. Its methods may be called by many goroutines and do not block.
type link struct {
	socket   socket
	speaker  speaker
	log      *slog.Logger
	dropped  func(reason string)
	upgraded func() // lets go of the request

	mu       sync.Mutex
	sending  bool // a frame is on its way
	waiting  [][]byte
	bytes    int    // in waiting
	farewell func() // sends the close frame, after all that waits
	closed   bool
	lost     bool // it has failed, which is counted once
}

// write queues a text frame.
func (l *link) write(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
	case !l.sending:
		l.sending = true
		l.socket.send(frame)
	case len(l.waiting) == mostWaiting || l.bytes+len(frame) > mostBytes:
		l.log.Info("a client was too slow and is cut off", "frames", len(l.waiting), "bytes", l.bytes)
		l.closed, l.waiting = true, nil
		l.dropped(dropTooSlow)
		go l.part(sessions.CloseOverload, "too slow")
	default:
		l.waiting = append(l.waiting, frame)
		l.bytes += len(frame)
	}
}

// sent is called when a frame has gone out.
func (l *link) sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 {
		frame := l.waiting[0]
		l.waiting[0], l.waiting = nil, l.waiting[1:]
		l.bytes -= len(frame)
		l.socket.send(frame)
		return
	}
	l.waiting, l.sending = nil, false
	if l.farewell != nil {
		go l.farewell()
		l.farewell = nil
	}
}

// close queues a close frame, the last that is sent.
func (l *link) close(code int, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	if l.sending {
		l.farewell = func() { l.part(code, reason) }
		time.AfterFunc(linger, l.socket.cut) // if the client is too slow for that
		return
	}
	go l.part(code, reason)
}

// part sends a close frame and ends the connection when the client has answered, or should have.
func (l *link) part(code int, reason string) {
	if l.socket.sendClose(code, reason) {
		time.AfterFunc(linger, l.socket.cut)
		return
	}
	l.socket.cut()
}

// abort ends the connection at once.
func (l *link) abort() { l.socket.cut() }

func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

// isIdle says whether all that was written has been sent.
func (l *link) isIdle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && !l.sending
}
