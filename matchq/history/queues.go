package history

import (
	"context"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

const (
	// MaxQueues is how many queues a minute has.
	MaxQueues = 128

	maxQueueMinutes = 240 // are read in one call
)

// QueueSample is a node's record of a queue in a minute.
type QueueSample struct {
	Queue       string
	Waiting     int           // tickets that wait
	LongestWait time.Duration // of the ticket that waits longest
	Matches     int64         // made so far, as matchq.Queue has them

	// NewMatches are those among Matches that this node has heard of since its last sample of the queue. They count as
	// matches of the minute even if it has no earlier sample. Defaults to none.
	NewMatches int64
}

// QueueMinute is the record of a queue in one minute of Redis's clock.
type QueueMinute struct {
	Start       time.Time
	MostWaiting int           // the most tickets that waited, of all samples
	LongestWait time.Duration // the longest of all samples
	Matches     int64         // made in this minute, or since the last one in which the queue was recorded
}

var recordQueuesScript = space.Bind[recordQueuesArgs]("history/record_queues")

type recordQueuesArgs struct {
	Minute  string           `lua:"minute"`
	StartMS int64            `lua:"start_ms"`
	KeepMS  int64            `lua:"keep_ms"`
	Room    int              `lua:"room"`
	Rows    []recordQueueRow `lua:"row"`
}

type recordQueueRow struct {
	Queue     string `lua:"queue"`
	Waiting   int    `lua:"waiting"`
	LongestMS int64  `lua:"longest_ms"`
	Before    int64  `lua:"before"`
	Matches   int64  `lua:"matches"`
}

// RecordQueues records samples of queues in the current minute, each queue at most once, and returns how many were taken.
// start is any time in that minute, by Redis's clock; those of another minute are not taken. A minute takes MaxQueues
// queues, the first ones that come, so put the busiest first. Leave out queues in which nobody waits and no match was made.
//
// Safe to repeat. Errors: *matchq.InvalidError, *matchq.ConfigError, matchq.ErrUnavailable.
func (h *History) RecordQueues(ctx context.Context, start time.Time, samples []QueueSample) (taken int, err error) {
	if len(samples) > MaxQueues {
		return 0, &matchq.InvalidError{Field: "samples", Problem: fmt.Sprintf("must be at most %d, not %d", MaxQueues, len(samples))}
	}
	start = start.Truncate(time.Minute)
	args := recordQueuesArgs{
		Minute: minuteKey(start), StartMS: start.UnixMilli(), KeepMS: Kept.Milliseconds(), Room: MaxQueues,
		Rows: make([]recordQueueRow, len(samples)),
	}
	for i := range samples {
		s := &samples[i]
		if err := matchq.CheckName("queue", s.Queue); err != nil {
			return 0, err
		}
		matches := max(0, s.Matches)
		args.Rows[i] = recordQueueRow{
			s.Queue, max(0, s.Waiting), max(0, s.LongestWait.Milliseconds()), max(0, matches-max(0, s.NewMatches)), matches,
		}
	}
	r, err := recordQueuesScript.Call(ctx, h.space, args)
	if err != nil {
		return 0, err
	}
	r.Number() // now
	return int(r.Number()), r.Err
}

var queueMinutesScript = space.Bind[queueMinutesArgs]("history/queue_minutes")

type queueMinutesArgs struct {
	Queue string       `lua:"queue"`
	Rows  []minutesRow `lua:"row"`
}

// QueueMinutes returns the minutes of a queue from one time to another, both included, oldest first. A minute in which
// other queues were recorded, and fewer than MaxQueues, is one in which nobody waited in this one. Minutes of which nothing
// is known are left out. It takes a call to Redis for each 240 minutes. Errors: *matchq.InvalidError,
// matchq.ErrUnavailable.
func (h *History) QueueMinutes(ctx context.Context, queue string, from, to time.Time) ([]QueueMinute, error) {
	if err := matchq.CheckName("queue", queue); err != nil {
		return nil, err
	}
	var p pastQueue
	for start := from.Truncate(time.Minute); !start.After(to); start = start.Add(maxQueueMinutes * time.Minute) {
		some := startsOf(start, to, maxQueueMinutes)
		r, err := queueMinutesScript.Call(ctx, h.space, queueMinutesArgs{Queue: queue, Rows: rowsOf(some)})
		if err != nil {
			return nil, err
		}
		if err := p.decode(r, some); err != nil {
			return nil, err
		}
	}
	return p.minutes, nil
}

// pastQueue puts the minutes of a queue together.
type pastQueue struct {
	minutes []QueueMinute
	matches int64 // made so far, as the last sample has them
	sampled bool  // there was one
}

func (p *pastQueue) decode(r *space.Reply, starts []time.Time) error {
	r.Number() // now
	for _, start := range starts {
		row := r.List()
		p.add(start, row.Text(), row.Number())
		r.Done(row)
	}
	return r.Err
}

// add adds a minute, if its sample says something, or if nothing is known of the queue because nobody waited.
func (p *pastQueue) add(start time.Time, sample string, queues int64) {
	var most, longest, first, last int64
	switch {
	case scan(sample, &most, &longest, &first, &last):
	case sample == "" && 0 < queues && queues < MaxQueues:
		p.minutes = append(p.minutes, QueueMinute{Start: start})
		return
	default:
		return
	}
	if p.sampled {
		first = p.matches
	}
	p.matches, p.sampled = last, true
	p.minutes = append(p.minutes, QueueMinute{start, int(most), time.Duration(longest) * time.Millisecond, max(0, last-first)})
}
