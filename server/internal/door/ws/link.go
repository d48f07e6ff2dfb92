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
	maxQueued      = 512
	maxQueuedBytes = 512 << 10
)

// closeTimeout is how long the client has to answer a close frame. Cutting the connection before could keep what was sent last
// from arriving.
const closeTimeout = 2 * time.Second

// link is one WebSocket, whatever is spoken on it. Its methods may be called by many goroutines and do not block.
type link struct {
	socket   socket
	protocol protocol
	log      *slog.Logger
	dropped  func(reason string)
	upgraded func() // lets go of the request

	mu          sync.Mutex
	sending     bool // a frame is on its way
	queued      [][]byte
	queuedBytes int    // in waiting
	sendClose   func() // sends the close frame, after all that waits
	closed      bool
	counted     bool // it has failed, which is counted once
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
	case len(l.queued) == maxQueued || l.queuedBytes+len(frame) > maxQueuedBytes:
		l.log.Info("a client was too slow and is cut off", "frames", len(l.queued), "bytes", l.queuedBytes)
		l.closed, l.queued = true, nil
		l.dropped(dropTooSlow)
		go l.part(sessions.CloseOverload, "too slow")
	default:
		l.queued = append(l.queued, frame)
		l.queuedBytes += len(frame)
	}
}

// sent is called when a frame has gone out.
func (l *link) sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queued) > 0 {
		frame := l.queued[0]
		l.queued[0], l.queued = nil, l.queued[1:]
		l.queuedBytes -= len(frame)
		l.socket.send(frame)
		return
	}
	l.queued, l.sending = nil, false
	if l.sendClose != nil {
		go l.sendClose()
		l.sendClose = nil
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
		l.sendClose = func() { l.part(code, reason) }
		time.AfterFunc(closeTimeout, l.socket.cut) // if the client is too slow for that
		return
	}
	go l.part(code, reason)
}

// part sends a close frame and ends the connection when the client has answered, or should have.
func (l *link) part(code int, reason string) {
	if l.socket.sendClose(code, reason) {
		time.AfterFunc(closeTimeout, l.socket.cut)
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
