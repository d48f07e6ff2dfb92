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
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

const (
	gatherEvery    = time.Second     // is looked for what is new, while anybody watches
	heartbeatEvery = 5 * time.Second // something is sent, so that watchers know that it is all there is
	timeout        = 3 * time.Second // for Redis, each time

	maxPending = 16 // changes that wait for one watcher
)

// Options are what a Feed works with.
type Options struct {
	Matcher *matchq.Matcher
	Queues  *queuecache.Cache
	Redis   *redisconn.Conn
	Config  Config
	Log     *slog.Logger
}

// Feed is what the dashboards of a node are told. It works only while somebody watches, and once for all of them.
type Feed struct {
	Options

	wake   chan struct{} // tells Run that somebody watches
	gather gatherer      // used by Run only

	mu       sync.Mutex
	now      *snapshot // nil while nobody watches, and at first
	first    [2][]byte // now as the public and as operators get it; nil before somebody asks
	ready    chan struct{}
	watchers map[*watcher]bool
}

// watcher is one dashboard. Its channel is closed when it is too slow, or the node stops.
type watcher struct {
	news     chan []byte
	operator bool // who sees more than the public
}

// New makes a Feed. Run must be called for it to work.
func New(o Options) *Feed {
	f := &Feed{Options: o, wake: make(chan struct{}, 1), ready: make(chan struct{}), watchers: map[*watcher]bool{}}
	f.gather = gatherer{Options: o, history: &recorder.History{Matcher: o.Matcher, Log: o.Log}}
	return f
}

// ErrStopped says that the node stops.
var ErrStopped = errors.New("the server is stopping")

// Watch returns all there is to see, as a server-sent event, and then what changes. The channel is closed if the reader
// is too slow, or the node stops: begin again then. leave must be called in the end. Only operators are told of each node.
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
	for len(w.news) > 0 { // what the first one has already
		<-w.news
	}
	return f.snapshot(operator), w.news, leave, nil
}

// snapshot is written once for all who begin with it: it may be long, and they may be many and slow.
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

// Run gathers and tells until ctx ends.
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

// serve works as long as anybody watches.
func (f *Feed) serve(ctx context.Context) {
	next := time.NewTicker(gatherEvery)
	defer next.Stop()
	f.gather.begin()
	var told time.Time
	for f.watched() {
		now := f.gather.all(ctx)
		if ctx.Err() != nil {
			return
		}
		if f.publish(now, time.Since(told) >= heartbeatEvery) {
			told = time.Now()
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// watched says whether anybody watches. If nobody does, who comes next waits until all has been read again.
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

// publish hands what is new to all who watch, or at least the time if must is set, and says whether there was anything.
func (f *Feed) publish(now *snapshot, must bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.now
	f.now, f.first = now, [2][]byte{}
	if before == nil {
		close(f.ready)
		return true
	}
	c := compare(before, now)
	if !c.isNews() && !must {
		return false
	}
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
	return true
}

// stop sends everybody away.
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

// message writes a server-sent event.
func message(event string, data any) []byte {
	var b bytes.Buffer
	b.WriteString("event: " + event + "\ndata: ")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(data); err != nil {
		panic(err) // what is written are our own types
	}
	b.WriteByte('\n') // after the one that the encoder wrote: the event ends
	return b.Bytes()
}
