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
	noteEvery = 2 * time.Second
	patience  = 2 * time.Second // for the last note

	// The longest wait takes looking at every queue. One node does it for all, so often that it costs Redis little: ten
	// thousand queues take a tenth of a second.
	lookEvery   = 10 * time.Second
	lookAtMost  = time.Minute
	lookSpacing = 500 // times as long as it took
)

// Recorder notes what this node sees.
type Recorder struct {
	Matcher *matchq.Matcher
	Queues  *queuecache.List
	Node    string
	Log     *slog.Logger

	mu    sync.Mutex
	share share // of the minute that is noted

	minute time.Time     // that is noted, by Redis's clock; used by Run only, like the rest
	look   time.Duration // how old a look at the queues may get
	rest   time.Time     // until when this node does not look again
}

// New makes a Recorder.
func New(m *matchq.Matcher, queues *queuecache.List, node string, log *slog.Logger) *Recorder {
	return &Recorder{Matcher: m, Queues: queues, Node: node, Log: log, share: newShare(), look: lookEvery}
}

// Ticked counts a call that matched queues.
func (r *Recorder) Ticked(report matchq.TickReport) {
	if !report.First {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.share.ticks.add(report.Took)
}

// Told counts how long those waited who were matched.
func (r *Recorder) Told(events []matchq.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if events[i].Kind != matchq.Matched {
			continue
		}
		for _, t := range events[i].Tickets() {
			r.share.waits.add(t.Waited)
		}
	}
}

// Begin notes where everything stood before this node did anything. Should that fail, what happens before the first note
// is missing from the history.
func (r *Recorder) Begin(ctx context.Context) {
	if err := r.note(ctx); err != nil {
		r.Log.Debug("the beginning is not noted", "error", err)
	}
}

// Run notes until ctx ends, and once more then. While Redis is away it keeps what it has seen.
func (r *Recorder) Run(ctx context.Context) {
	every := time.NewTicker(noteEvery)
	defer every.Stop()
	for {
		if err := r.note(ctx); err != nil && ctx.Err() == nil {
			r.Log.Debug("this minute is not noted", "error", err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			if err := r.note(last); err != nil {
				r.Log.Debug("the last minute is not noted", "error", err)
			}
			return
		}
	}
}

// note writes down the minute that is noted, and once it has ended the one after it. Redis says which that is.
func (r *Recorder) note(ctx context.Context) error {
	for range 2 {
		noted, err := r.tell(ctx, matchq.Note{Start: r.minute})
		if err != nil {
			return err
		}
		if now := noted.Now.Truncate(time.Minute); !now.Equal(r.minute) {
			r.turn(now)
			continue
		}
		return r.lookAround(ctx, noted)
	}
	return nil // the next time
}

// tell sends a note with what this node has seen.
func (r *Recorder) tell(ctx context.Context, n matchq.Note) (matchq.Noted, error) {
	r.mu.Lock()
	n.Node, n.Words = r.Node, r.share.words()
	r.mu.Unlock()
	return r.Matcher.NoteMinute(ctx, n)
}

// turn begins a minute. What was seen before the first one is part of that.
func (r *Recorder) turn(minute time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.minute.IsZero() {
		r.share = newShare()
	}
	r.minute = minute
}

// lookAround notes who has waited longest, unless another node did a while ago.
func (r *Recorder) lookAround(ctx context.Context, noted matchq.Noted) error {
	if noted.Looked >= 0 && noted.Looked < r.look || time.Now().Before(r.rest) {
		return nil
	}
	began := time.Now()
	queues, err := r.Queues.All(ctx)
	r.look = min(max(lookEvery, lookSpacing*time.Since(began)), lookAtMost)
	if err != nil {
		r.rest = time.Now().Add(r.look)
		return err
	}
	n := matchq.Note{Start: r.minute, LookedUp: true}
	for i := range queues {
		n.LongestWait = max(n.LongestWait, queues[i].OldestWait)
	}
	_, err = r.tell(ctx, n)
	return err
}
