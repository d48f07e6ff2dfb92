// Package ws serves WebSocket connections, plain ones and Socket.IO. Both protocols are codecs in front of the same
// handlers.
package ws

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/base/workers"
	"github.com/matchq/matchq/server/internal/play/commands"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Options are the dependencies and settings of a Sockets.
type Options struct {
	Commands  *commands.Handlers
	Sessions  *sessions.Registry
	Guard     *identity.Guard
	Log       *slog.Logger
	Namespace string // of the matcher; makes pids differ between namespaces

	// Refuse answers requests that are not upgraded. The caller has checked the origin.
	Refuse func(http.ResponseWriter, *http.Request, *wire.Error)

	// Resume is commands.Handlers.Resume. nil turns recovery of Socket.IO clients off.
	Resume func(ctx context.Context, s *sessions.Session, lastSeq, client string) (recovered bool, err error)

	Slots *limits.Slots // for connections; the API key is exempt

	// Dropped gets one of DropReasons for each dropped connection or frame, if it is set. It must return quickly.
	Dropped func(reason string)

	Times Times
}

// Times are the time-outs of Socket.IO. Zeros mean the usual defaults.
type Times struct {
	PingInterval time.Duration // between heartbeats: 25 s
	PingTimeout  time.Duration // to answer a heartbeat: 20 s
	Join         time.Duration // to join a namespace: 10 s
	App          time.Duration // to join /sunapp before pushes go to /: 2 s
	Upgrade      time.Duration // to complete an upgrade from polling to a WebSocket: 10 s
	Close        time.Duration // to answer a close frame, or to poll for the last frames; an earlier end could lose them: 2 s
}

// Sockets serves connections.
type Sockets struct {
	Options
	ctx         context.Context // of handlers
	websockets  *websockets
	workers     *workers.Pool // have the stack for a connection's occasional work
	layer       layer
	maxPayload  int            // bytes of a client's packet
	pollers     sync.Map       // *poller of each secret sid
	pollWarning rate.Sometimes // limits the log line about sessions of other nodes

	mu      sync.Mutex
	closing bool
	open    map[closer]bool
	ended   sync.WaitGroup
}

// closer is an open connection.
type closer interface {
	Close(code int, reason string)
	abort()
}

// New makes a Sockets. Its handlers work until ctx ends.
func New(ctx context.Context, o Options) *Sockets {
	o.Times.fill()
	if o.Dropped == nil {
		o.Dropped = func(string) {}
	}
	s := &Sockets{
		Options: o, ctx: ctx, workers: workers.New(), open: map[closer]bool{}, layer: socketIOLayer, maxPayload: maxFrame,
		pollWarning: rate.Sometimes{First: 1, Interval: 10 * time.Second},
	}
	s.websockets = newWebsockets(o.Times.Close, o.Log, o.Dropped, func(w http.ResponseWriter, r *http.Request, reason string) {
		o.Refuse(w, r, wire.Errorf(wire.CodeUpgradeRequired, "%s", reason))
	})
	return s
}

func (t *Times) fill() {
	for _, d := range []struct {
		value        *time.Duration
		defaultValue time.Duration
	}{
		{&t.PingInterval, 25 * time.Second}, {&t.PingTimeout, 20 * time.Second}, {&t.Join, 10 * time.Second}, {&t.App, 2 * time.Second},
		{&t.Upgrade, 10 * time.Second}, {&t.Close, closeTimeout},
	} {
		if *d.value == 0 {
			*d.value = d.defaultValue
		}
	}
}

// Plain serves a request for a plain WebSocket. address is the client's.
func (s *Sockets) Plain(w http.ResponseWriter, r *http.Request, address string) {
	if !isUpgrade(r) {
		s.Refuse(w, r, wire.Errorf(wire.CodeUpgradeRequired, "this is a WebSocket: connect with a WebSocket client"))
		return
	}
	p := &plain{conn: s.newConn(address)}
	p.identity, p.authErr = s.Guard.OfRequest(r)
	s.serve(w, r, p, &p.conn)
}

func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

func (s *Sockets) serve(w http.ResponseWriter, r *http.Request, sp protocol, c *conn) {
	if leave, ok := s.admit(w, r, c); ok {
		s.websockets.serve(w, r, sp, leave)
	}
}

// admit takes a connection's place, or refuses the request. leave gives the place back.
func (s *Sockets) admit(w http.ResponseWriter, r *http.Request, c *conn) (leave func(), ok bool) {
	free := func() {}
	if s.Slots != nil && !c.identity.Trusted {
		var err error
		if free, err = s.Slots.Take(c.address); err != nil {
			s.Dropped(dropTooMany)
			s.Refuse(w, r, wire.ErrorOf(err))
			return nil, false
		}
	}
	if !s.enter() {
		free()
		s.Refuse(w, r, wire.StoppingError())
		return nil, false
	}
	return func() {
		free()
		s.ended.Done()
	}, true
}

func (s *Sockets) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.ended.Add(1)
	return true
}

// add adds a connection, until remove.
func (s *Sockets) add(c closer) {
	s.mu.Lock()
	s.open[c] = true
	closing := s.closing
	s.mu.Unlock()
	if closing {
		c.Close(sessions.CloseGoingAway, goingAway)
	}
}

func (s *Sockets) remove(c closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Open returns the number of open connections.
func (s *Sockets) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

const goingAway = "the server is shutting down"

// Close tells all clients that the server stops, and returns when their connections have ended. Those that remain when
// ctx ends are cut off.
func (s *Sockets) Close(ctx context.Context) {
	s.each(func(c closer) { c.Close(sessions.CloseGoingAway, goingAway) })
	done := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.each(closer.abort)
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
}

// each calls do for all connections and lets no more in.
func (s *Sockets) each(do func(closer)) {
	s.mu.Lock()
	s.closing = true
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, c := range open { // without the lock, which others take while they hold a connection's
		do(c)
	}
}
