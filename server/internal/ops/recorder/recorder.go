package recorder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/queuecache"
)

const (
	recordEvery = 2 * time.Second
	lastTimeout = 2 * time.Second // for the last note

	// The longest wait takes looking at every queue. One node does it for all, so often that it costs Redis little: ten
	// thousand queues take a tenth of a second.
	lookEvery    = 10 * time.Second
	maxLookEvery = time.Minute
	lookSpacing  = 500 // times as long as it took
)

// Recorder notes what this node sees.
type Recorder struct {
	Matcher *matchq.Matcher
	Queues  *queuecache.Cache
	Node    string
	Log     *slog.Logger

	mu     sync.Mutex
	sample sample // of the minute that is noted

	minute       time.Time     // that is noted, by Redis's clock; used by Run only, like the rest
	lookInterval time.Duration // how old a look at the queues may get
	restUntil    time.Time     // until when this node does not look again
}

// New makes a Recorder.
func New(m *matchq.Matcher, queues *queuecache.Cache, node string, log *slog.Logger) *Recorder {
	return &Recorder{Matcher: m, Queues: queues, Node: node, Log: log, sample: newSample(), lookInterval: lookEvery}
}

// Ticked counts a call that matched queues.
func (r *Recorder) Ticked(report matchq.TickReport) {
	if !report.First {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sample.ticks.add(report.Took)
}

// Observe counts how long those waited who were matched.
func (r *Recorder) Observe(events []matchq.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if events[i].Kind != matchq.Matched {
			continue
		}
		for _, t := range events[i].Tickets() {
			r.sample.waits.add(t.Waited)
		}
	}
}

// RecordBaseline notes where everything stood before this node did anything. Should that fail, what happens before the first note
// is missing from the history.
func (r *Recorder) RecordBaseline(ctx context.Context) {
	if err := r.record(ctx); err != nil {
		r.Log.Debug("the beginning is not noted", "error", err)
	}
}

// Run notes until ctx ends, and once more then. While Redis is away it keeps what it has seen.
func (r *Recorder) Run(ctx context.Context) {
	every := time.NewTicker(recordEvery)
	defer every.Stop()
	for {
		if err := r.record(ctx); err != nil && ctx.Err() == nil {
			r.Log.Debug("this minute is not noted", "error", err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
			defer cancel()
			if err := r.record(last); err != nil {
				r.Log.Debug("the last minute is not noted", "error", err)
			}
			return
		}
	}
}

// record writes down the minute that is noted, and once it has ended the one after it. Redis says which that is.
func (r *Recorder) record(ctx context.Context) error {
	for range 2 {
		noted, err := r.send(ctx, matchq.Note{Start: r.minute})
		if err != nil {
			return err
		}
		if now := noted.Now.Truncate(time.Minute); !now.Equal(r.minute) {
			r.startMinute(now)
			continue
		}
		return r.recordLongestWait(ctx, noted)
	}
	return nil // the next time
}

// send sends a note with what this node has seen.
func (r *Recorder) send(ctx context.Context, n matchq.Note) (matchq.Noted, error) {
	r.mu.Lock()
	n.Node, n.Words = r.Node, r.sample.encode()
	r.mu.Unlock()
	return r.Matcher.NoteMinute(ctx, n)
}

// startMinute begins a minute. What was seen before the first one is part of that.
func (r *Recorder) startMinute(minute time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.minute.IsZero() {
		r.sample = newSample()
	}
	r.minute = minute
}

// recordLongestWait notes who has waited longest, unless another node did a while ago.
func (r *Recorder) recordLongestWait(ctx context.Context, noted matchq.Noted) error {
	if noted.Looked >= 0 && noted.Looked < r.lookInterval || time.Now().Before(r.restUntil) {
		return nil
	}
	began := time.Now()
	queues, err := r.Queues.All(ctx)
	r.lookInterval = min(max(lookEvery, lookSpacing*time.Since(began)), maxLookEvery)
	if err != nil {
		r.restUntil = time.Now().Add(r.lookInterval)
		return err
	}
	n := matchq.Note{Start: r.minute, LookedUp: true}
	for i := range queues {
		n.LongestWait = max(n.LongestWait, queues[i].OldestWait)
	}
	_, err = r.send(ctx, n)
	return err
}
