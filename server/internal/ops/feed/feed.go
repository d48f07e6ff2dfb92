package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

const (
	gatherEvery = time.Second     // between snapshots, while there are watchers; each is told, so that silence means a broken stream
	timeout     = 3 * time.Second // of reading from Redis
	pingTimeout = time.Second     // of asking whether it answers
	patience    = time.Second / 2 // with reads, before it is asked whether it still answers

	maxPending = 16 // changes in a watcher's channel
)

// Options are the sources of a Feed.
type Options struct {
	Matcher  *matchq.Matcher
	Presence *presence.Presence
	Rooms    *rooms.Rooms
	History  *history.History
	Queues   *queuecache.Cache
	Redis    *redisconn.Conn

	// Refusal returns the error with which Redis refuses at this time; nil if it does not refuse.
	Refusal func() *wire.Error

	Version string // of this server
	Node    string // this one
	Log     *slog.Logger
}

// Feed is the source of the dashboards of a node. It works only while there are watchers, and once for all of them.
type Feed struct {
	Options

	wake    chan struct{} // tells Run of a new watcher
	gather  gatherer      // used by Run only
	trouble trouble

	mu       sync.Mutex
	now      *snapshot // nil without watchers, and before the first reading
	first    [2][]byte // now, encoded for the public and for operators; nil until needed
	ready    chan struct{}
	watchers map[*watcher]bool
}

// watcher is a dashboard. Its channel is closed if it is too slow, or the node stops.
type watcher struct {
	news     chan []byte
	operator bool // sees the nodes
}

// New makes a Feed. It works while Run runs.
func New(o Options) *Feed {
	f := &Feed{Options: o, wake: make(chan struct{}, 1), ready: make(chan struct{}), watchers: map[*watcher]bool{}}
	f.gather = gatherer{Options: o, history: &recorder.History{Store: o.History, Log: o.Log}, trouble: &f.trouble}
	return f
}

// ErrStopped says that the node stops.
var ErrStopped = errors.New("the server is stopping")

// Watch returns a snapshot as a server-sent event, and a channel of changes. The channel is closed if the reader is too
// slow or the node stops: then call Watch again. Call leave in the end. Only operators see the nodes.
func (f *Feed) Watch(ctx context.Context, operator bool) (first []byte, news <-chan []byte, leave func(), err error) {
	w := &watcher{make(chan []byte, maxPending), operator}
	f.mu.Lock()
	f.watchers[w] = true
	ready := f.ready
	f.mu.Unlock()
	leave = func() { f.leave(w) }
	select {
	case f.wake <- struct{}{}:
	default:
	}
	select {
	case <-ready:
	case <-ctx.Done():
		leave()
		return nil, nil, nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		delete(f.watchers, w)
		return nil, nil, nil, ErrStopped
	}
	for len(w.news) > 0 { // the snapshot includes it
		<-w.news
	}
	return f.snapshot(operator), w.news, leave, nil
}

// snapshot encodes the snapshot once for all new watchers: it may be large, and they may be many.
func (f *Feed) snapshot(operator bool) []byte {
	now, at := *f.now, 1
	if !operator {
		now.Nodes, at = nil, 0
	}
	if f.first[at] == nil {
		f.first[at] = message("snapshot", &now)
	}
	return f.first[at]
}

func (f *Feed) leave(w *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watchers, w)
}

// Run publishes until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	defer f.stop()
	for {
		select {
		case <-f.wake:
			f.serve(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// serve publishes while there are watchers.
func (f *Feed) serve(ctx context.Context) {
	next := time.NewTicker(gatherEvery)
	defer next.Stop()
	f.gather.begin()
	for f.watched() {
		now := f.gather.all(ctx)
		if ctx.Err() != nil {
			return
		}
		f.publish(now)
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// watched reports whether there are watchers. Without any the snapshot is dropped, so that the next watcher gets a
// fresh one.
func (f *Feed) watched() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.watchers) > 0 {
		return true
	}
	if f.now != nil {
		f.now, f.first, f.ready = nil, [2][]byte{}, make(chan struct{})
	}
	return false
}

// publish sends the changes to all watchers, or at least the time.
func (f *Feed) publish(now *snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.now
	f.now, f.first = now, [2][]byte{}
	if before == nil {
		close(f.ready)
		return
	}
	c := compare(before, now)
	public := *c
	public.Nodes = nil
	toOperators, toPublic := message("change", c), message("change", &public)
	for w := range f.watchers {
		news := toPublic
		if w.operator {
			news = toOperators
		}
		select {
		case w.news <- news:
		default:
			delete(f.watchers, w)
			close(w.news)
		}
	}
}

// stop closes all watchers' channels.
func (f *Feed) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		close(f.ready)
	}
	f.now = nil
	for w := range f.watchers {
		delete(f.watchers, w)
		close(w.news)
	}
}

// message formats a server-sent event.
func message(event string, data any) []byte {
	var b bytes.Buffer
	b.WriteString("event: " + event + "\ndata: ")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(data); err != nil {
		panic(err) // our own types can be encoded
	}
	b.WriteByte('\n') // a second newline ends the event
	return b.Bytes()
}
