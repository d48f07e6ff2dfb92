package recorder

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
)

// maxHeard bounds the queues whose matches this node counts between two records.
const maxHeard = 4096

// hear counts a match, for a queue that may be empty again before anybody looks at it.
func (r *Recorder) hear(queue string) {
	if _, known := r.heard[queue]; known || len(r.heard) < maxHeard {
		r.heard[queue]++
	}
}

// recordQueues records the busiest queues: the live ones if this node has looked at them, nil if it has not, and those in
// which a match was made. Each node records the matches that it has heard of, so that all are recorded together.
func (r *Recorder) recordQueues(ctx context.Context, live []matchq.Queue) error {
	r.mu.Lock()
	due := live != nil || len(r.heard) > 0 && time.Since(r.queuesAt) >= lookEvery
	heard := r.heard
	if due {
		r.heard = map[string]int64{}
	}
	r.mu.Unlock()
	if !due {
		return nil
	}
	r.queuesAt = time.Now()
	// Those with matches are read anew: their totals must have the matches that this node has heard of.
	matched, err := r.Queues.Some(ctx, busiest(heard))
	if err != nil {
		return err // totals say later how many matches there were
	}
	samples := samplesOf(matched, heard)
	for _, s := range samplesOf(live, nil) {
		if heard[s.Queue] == 0 {
			samples = append(samples, s)
		}
	}
	if len(samples) == 0 {
		return nil
	}
	slices.SortStableFunc(samples, func(a, b history.QueueSample) int { return cmp.Compare(activity(&b), activity(&a)) })
	_, err = r.Store.RecordQueues(ctx, r.minute, samples[:min(len(samples), history.MaxQueues)])
	return err
}

// activity is how busy a queue is.
func activity(s *history.QueueSample) int64 { return int64(s.Waiting) + s.NewMatches }

// samplesOf are those of queues in which somebody waits or was matched.
func samplesOf(queues []matchq.Queue, heard map[string]int64) []history.QueueSample {
	var samples []history.QueueSample
	for i := range queues {
		q := &queues[i]
		if q.Waiting > 0 || heard[q.Name] > 0 {
			samples = append(samples, history.QueueSample{
				Queue: q.Name, Waiting: q.Waiting, LongestWait: q.OldestWait, Matches: q.Matches, NewMatches: heard[q.Name],
			})
		}
	}
	return samples
}

// busiest are the names of the queues with most matches, as many as a minute has.
func busiest(heard map[string]int64) []string {
	names := slices.Collect(maps.Keys(heard))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(heard[b], heard[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), history.MaxQueues)]
}
