package ws

import (
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Limits of queued frames. They have room for a whole mailbox; a client above them is too slow.
const (
	maxQueued      = 512
	maxQueuedBytes = 512 << 10
)

// maxUnread is how many bytes of frames may wait for a client that asks for more: one slow reader holds no more answers. It
// has unreadTimeout to take them.
const (
	maxUnread     = 16 << 10
	unreadTimeout = 2 * time.Second
)

// closeTimeout is the default of Times.Close.
const closeTimeout = 2 * time.Second

// socket is the way by which a link sends: a WebSocket, or the answers to polls. Its methods do not block, and send does not
// call the link.
type socket interface {
	// send takes a frame. link.sent must be called when the next one may follow.
	send(frame []byte)

	// sendClose sends a close frame and reports whether the client may take a moment to hear of it.
	sendClose(code int, reason string) bool

	// cut ends the connection at once.
	cut()
}

// link is a connection of any protocol. Its methods may be called by many goroutines and do not block.
type link struct {
	protocol protocol
	closing  time.Duration // Times.Close
	log      *slog.Logger
	dropped  func(reason string)
	upgraded func() // releases the request

	mu          sync.Mutex
	socket      socket
	sending     bool // a frame is being sent
	queued      [][]byte
	queuedBytes int    // in queued
	drained     func() // called once after all queued frames
	heir        *link  // sends by this link's socket in its place
	closed      bool
	counted     bool          // the failure is counted
	room        chan struct{} // closed when few bytes are queued; nil unless awaitRoom waits
}

// write queues a text frame.
func (l *link) write(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.queue(frame)
	}
}

// queue queues a text frame, unless the client is too slow. The caller holds mu.
func (l *link) queue(frame []byte) bool {
	switch {
	case !l.sending:
		l.sending = true
		l.socket.send(frame)
	case len(l.queued) == maxQueued || l.queuedBytes+len(frame) > maxQueuedBytes:
		l.cutSlow()
		return false
	default:
		l.queued = append(l.queued, frame)
		l.queuedBytes += len(frame)
	}
	return true
}

// cutSlow ends the connection of a slow client. The caller holds mu.
func (l *link) cutSlow() {
	l.log.Info("disconnected a slow client", "frames", len(l.queued), "bytes", l.queuedBytes)
	l.closed, l.queued, l.queuedBytes = true, nil, 0
	l.dropped(dropTooSlow)
	go l.part(sessions.CloseOverload, "too slow")
}

// awaitRoom waits until the client has taken most of its frames, before it gets another answer. Meanwhile nothing is read
// from it. It ends the connection of a client that does not take them.
func (l *link) awaitRoom() {
	l.mu.Lock()
	if l.closed || l.queuedBytes <= maxUnread {
		l.mu.Unlock()
		return
	}
	room := make(chan struct{})
	l.room = room
	l.mu.Unlock()
	late := time.NewTimer(unreadTimeout)
	defer late.Stop()
	select {
	case <-room:
	case <-late.C:
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.closed && l.room == room {
			l.cutSlow()
		}
	}
}

// giveRoom wakes awaitRoom. The caller holds mu.
func (l *link) giveRoom() {
	if l.room != nil && l.queuedBytes <= maxUnread {
		close(l.room)
		l.room = nil
	}
}

// sent is called when a frame has been sent.
func (l *link) sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heir != nil {
		l.heir.sent()
		return
	}
	if len(l.queued) > 0 {
		frame := l.queued[0]
		l.queued[0], l.queued = nil, l.queued[1:]
		l.queuedBytes -= len(frame)
		l.giveRoom()
		l.socket.send(frame)
		return
	}
	l.queued, l.sending = nil, false
	if l.drained != nil {
		go l.drained()
		l.drained = nil
	}
}

// close queues the last text frames and the close frame. No other frame comes between them, and a poll that takes the last
// ones finds the link closed.
func (l *link) close(code int, reason string, last ...[]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	for _, frame := range last {
		if !l.queue(frame) {
			return
		}
	}
	part := func() { l.part(code, reason) }
	if l.sending {
		l.drained = part
		time.AfterFunc(l.closing, l.abort) // in case the client is too slow
		return
	}
	go part()
}

// part sends a close frame and ends the connection once the client has answered, or after a time-out.
func (l *link) part(code int, reason string) {
	if l.current().sendClose(code, reason) {
		time.AfterFunc(l.closing, l.abort)
		return
	}
	l.abort()
}

// abort ends the connection at once.
func (l *link) abort() { l.current().cut() }

// drop forgets the frames of a connection that has ended.
func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.queued, l.queuedBytes = true, nil, 0
	l.giveRoom()
}

// handOver has another link send by this one's socket, once this one has sent its own frames.
func (l *link) handOver(to *link, unsent func() []byte) {
	over := func() {
		l.mu.Lock()
		l.heir = to
		taken := l.socket
		l.mu.Unlock()
		to.adopt(taken, unsent)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sending {
		l.drained = over
		return
	}
	go over()
}

// adopt has the link send by another socket. unsent takes back the frame that the old one has not sent.
func (l *link) adopt(by socket, unsent func() []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.socket = by
	if frame := unsent(); frame != nil {
		by.send(frame)
	}
}

func (l *link) current() socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.socket
}

func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

// isIdle reports whether all frames have been sent.
func (l *link) isIdle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && !l.sending
}
