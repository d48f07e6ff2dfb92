package recorder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/server/internal/base/queuecache"
)

const (
	recordEvery = 2 * time.Second
	lastTimeout = 2 * time.Second // of the last record

	// The longest wait needs a look at every queue. One node does it for all, at an interval that costs Redis little:
	// ten thousand queues take a tenth of a second.
	lookEvery    = 10 * time.Second
	maxLookEvery = time.Minute
	lookSpacing  = 500 // interval as a multiple of the duration
)

// Recorder records this node's minutes in Redis.
type Recorder struct {
	Store  *history.History
	Queues *queuecache.Cache
	Node   string
	Log    *slog.Logger

	mu     sync.Mutex
	sample sample           // of the current minute
	heard  map[string]int64 // matches of each queue since queues were last recorded

	minute       time.Time     // current one, by Redis's clock; used by Run only, like the fields below
	lookInterval time.Duration // age limit of the longest wait
	restUntil    time.Time     // this node does not look again before
	queuesAt     time.Time     // when it last recorded queues
}

// New makes a Recorder.
func New(store *history.History, queues *queuecache.Cache, node string, log *slog.Logger) *Recorder {
	return &Recorder{Store: store, Queues: queues, Node: node, Log: log, sample: newSample(), heard: map[string]int64{}, lookInterval: lookEvery}
}

// Ticked adds the duration of a tick call.
func (r *Recorder) Ticked(report matchq.TickReport) {
	if !report.First {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sample.ticks.add(report.Took)
}

// Observe adds the waits of matched tickets.
func (r *Recorder) Observe(events []matchq.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if events[i].Kind != matchq.Matched {
			continue
		}
		r.hear(events[i].Match.Queue)
		for _, t := range events[i].Tickets() {
			r.sample.waits.add(t.Waited)
		}
	}
}

// RecordBaseline records the totals before this node does anything. If it fails the history lacks what happens before
// the first record.
func (r *Recorder) RecordBaseline(ctx context.Context) {
	if err := r.record(ctx); err != nil {
		r.Log.Debug("the baseline was not recorded", "error", err)
	}
}

// Run records until ctx ends, and once more then. While Redis is away the sample is kept.
func (r *Recorder) Run(ctx context.Context) {
	every := time.NewTicker(recordEvery)
	defer every.Stop()
	for {
		if err := r.record(ctx); err != nil && ctx.Err() == nil {
			r.Log.Debug("the minute was not recorded", "error", err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
			defer cancel()
			r.queuesAt = time.Time{}
			if err := r.record(last); err != nil {
				r.Log.Debug("the last minute was not recorded", "error", err)
			}
			return
		}
	}
}

// record writes the current minute, and at its end starts the next one. Redis tells the time.
func (r *Recorder) record(ctx context.Context) error {
	for range 2 {
		recorded, err := r.send(ctx, history.Sample{Start: r.minute})
		if err != nil {
			return err
		}
		if now := recorded.Now.Truncate(time.Minute); !now.Equal(r.minute) {
			r.startMinute(now)
			continue
		}
		live, err := r.recordLongestWait(ctx, recorded)
		if err != nil {
			return err
		}
		return r.recordQueues(ctx, live)
	}
	return nil // the next record continues
}

// send sends a record with this node's sample.
func (r *Recorder) send(ctx context.Context, s history.Sample) (history.Recorded, error) {
	r.mu.Lock()
	s.Node, s.Payload = r.Node, r.sample.encode()
	r.mu.Unlock()
	return r.Store.Record(ctx, s)
}

// startMinute starts a minute. The first one includes everything before it.
func (r *Recorder) startMinute(minute time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.minute.IsZero() {
		r.sample = newSample()
	}
	r.minute = minute
}

// recordLongestWait records the longest wait and returns the live queues, unless another node did so recently.
func (r *Recorder) recordLongestWait(ctx context.Context, recorded history.Recorded) ([]matchq.Queue, error) {
	if recorded.MeasuredAgo >= 0 && recorded.MeasuredAgo < r.lookInterval || time.Now().Before(r.restUntil) {
		return nil, nil
	}
	began := time.Now()
	queues, err := r.Queues.All(ctx)
	r.lookInterval = min(max(lookEvery, lookSpacing*time.Since(began)), maxLookEvery)
	if err != nil {
		r.restUntil = time.Now().Add(r.lookInterval)
		return nil, err
	}
	s := history.Sample{Start: r.minute, Measured: true}
	for i := range queues {
		s.LongestWait = max(s.LongestWait, queues[i].OldestWait)
	}
	_, err = r.send(ctx, s)
	return queues, err
}
