// Package queuecache reads the state of all queues once for all clients of this node.
package queuecache

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	// maxAge bounds the age of an answer, and ageFactor its ratio to the reading time: a few queues are read anew for
	// nearly every request, and ten thousand, which cost Redis a tenth of a second, once a second.
	maxAge    = time.Second
	ageFactor = 10
	// readTimeout bounds a reading, which outlives the request that began it.
	readTimeout = 5 * time.Second
)

// Cache has the state of all queues.
type Cache struct {
	matcher *matchq.Matcher

	asking  gather.Group[string, matchq.Queue] // for single queues
	reading singleflight.Group
	mu      sync.Mutex
	now     *Snapshot
	until   time.Time // end of its age
}

// New makes a Cache.
func New(m *matchq.Matcher) *Cache {
	c := &Cache{matcher: m}
	c.asking = gather.Group[string, matchq.Queue]{Ask: c.ask, Timeout: readTimeout, Most: 256, Room: maxAsking}
	return c
}

// maxAsking is for questions about single queues that wait.
const maxAsking = 50_000

// One returns the state of one queue as it is now. Those who ask at the same time share a call. Errors are those of
// matchq.Matcher.Queue, or *wire.Error.
func (l *Cache) One(ctx context.Context, queue string) (matchq.Queue, error) {
	return l.asking.Do(ctx, queue)
}

// ask asks for some queues, each once.
func (l *Cache) ask(ctx context.Context, names []string) ([]matchq.Queue, error) {
	states, err := l.matcher.QueuesOf(ctx, slices.Compact(slices.Sorted(slices.Values(names)))...)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]matchq.Queue, len(states))
	for _, state := range states {
		byName[state.Name] = state
	}
	queues := make([]matchq.Queue, len(names))
	for i, name := range names {
		queues[i] = byName[name]
	}
	return queues, nil
}

// Some returns the states of some queues as they are now. Errors are those of matchq.Matcher.QueuesOf.
func (l *Cache) Some(ctx context.Context, names []string) ([]matchq.Queue, error) {
	return l.matcher.QueuesOf(ctx, names...)
}

// All returns the queues that have tickets or are paused, by name, at most a second old. Callers must not change them.
// Errors are those of matchq.Matcher.Queues.
func (l *Cache) All(ctx context.Context) ([]matchq.Queue, error) {
	now, err := l.Now(ctx)
	if err != nil {
		return nil, err
	}
	return now.Queues, nil
}

// Now is All, as a snapshot that keeps values derived from it.
func (l *Cache) Now(ctx context.Context) (*Snapshot, error) {
	if now, ok := l.cached(); ok {
		return now, nil
	}
	result := l.reading.DoChan("", func() (any, error) { return l.read(context.WithoutCancel(ctx)) })
	select {
	case r := <-result:
		now, _ := r.Val.(*Snapshot)
		return now, r.Err
	case <-ctx.Done():
		return nil, fmt.Errorf("read queues: %w", wire.WaitError(ctx.Err()))
	}
}

func (l *Cache) cached() (*Snapshot, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now, time.Now().Before(l.until)
}

func (l *Cache) read(ctx context.Context) (*Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	start := time.Now()
	queues, err := l.matcher.Queues(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now, l.until = &Snapshot{Queues: queues}, time.Now().Add(min(maxAge, ageFactor*time.Since(start)))
	return l.now, nil
}
