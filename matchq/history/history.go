package history

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Kept is how long minutes are kept.
const Kept = 25 * time.Hour

const (
	maxMinutes = 60 // are read in one call
	maxPayload = 16 << 10
)

// History is the minutes of a namespace. It is safe for use by many goroutines.
type History struct {
	space *space.Space
}

// New makes a History of a Matcher's namespace. It does not talk to Redis.
func New(m *matchq.Matcher) *History { return &History{space: space.Of(m)} }

// Sample is a node's record of a minute.
type Sample struct {
	Node  string    // a name, such as presence.Node.ID
	Start time.Time // any time in the minute, by Redis's clock

	// Payload replaces the payload that the node recorded of this minute before: text of up to 16 KiB. Defaults to keeping
	// that.
	Payload string

	// LongestWait is how long the ticket has waited that waits longest. It counts only if Measured is set.
	LongestWait time.Duration
	Measured    bool
}

// Recorded is the result of Record.
type Recorded struct {
	Taken bool      // false if the minute is neither the current one nor the one before
	Now   time.Time // by Redis's clock

	// MeasuredAgo is how long ago any node recorded the longest wait; negative if no node has in this minute. It lets nodes
	// share the work of measuring.
	MeasuredAgo time.Duration
}

var recordScript = space.Bind[recordArgs]("history/record")

type recordArgs struct {
	Minute    string `lua:"minute"`
	StartMS   int64  `lua:"start_ms"`
	Node      string `lua:"node"`
	Payload   string `lua:"payload"`
	KeepMS    int64  `lua:"keep_ms"`
	LongestMS *int64 `lua:"longest_ms"`
}

// Record records the totals of the namespace as they are now, and a node's payload, for Minutes. Call it a few times a
// minute on every node. Once a minute has ended, call it once more for that minute: the payload is taken for another
// minute, the totals are not.
//
// Safe to repeat. Errors: *matchq.InvalidError, *matchq.ConfigError, matchq.ErrUnavailable.
func (h *History) Record(ctx context.Context, s Sample) (Recorded, error) {
	if err := matchq.CheckName("node", s.Node); err != nil {
		return Recorded{}, err
	}
	if len(s.Payload) > maxPayload {
		return Recorded{}, &matchq.InvalidError{
			Field: "payload", Problem: fmt.Sprintf("must be at most %d bytes, not %d", maxPayload, len(s.Payload)),
		}
	}
	start := s.Start.Truncate(time.Minute)
	args := recordArgs{
		Minute: minuteKey(start), StartMS: start.UnixMilli(), Node: s.Node, Payload: s.Payload, KeepMS: Kept.Milliseconds(),
	}
	if s.Measured {
		longest := s.LongestWait.Milliseconds()
		args.LongestMS = &longest
	}
	r, err := recordScript.Call(ctx, h.space, args)
	if err != nil {
		return Recorded{}, err
	}
	return decodeRecorded(r)
}

func decodeRecorded(r *space.Reply) (Recorded, error) {
	recorded := Recorded{Now: time.UnixMilli(r.Number()), Taken: r.Number() == 1}
	recorded.MeasuredAgo = time.Duration(r.Number()) * time.Millisecond // negative stays negative
	return recorded, r.Err
}

// minuteKey is how the name of a minute's key ends: minutes since 1970.
func minuteKey(start time.Time) string { return strconv.FormatInt(start.Unix()/60, 10) }

var minutesScript = space.Bind[minutesArgs]("history/minutes")

type minutesArgs struct {
	Rows []minutesRow `lua:"row"`
}

type minutesRow struct {
	Minute string `lua:"minute"`
}

// Minutes returns the minutes from one to another, both included, oldest first. A minute in which no node recorded
// anything is left out. It takes a call to Redis for each 60 minutes. Errors: matchq.ErrUnavailable.
func (h *History) Minutes(ctx context.Context, from, to time.Time) ([]Minute, error) {
	var minutes []Minute
	for start := from.Truncate(time.Minute); !start.After(to); start = start.Add(maxMinutes * time.Minute) {
		some := startsOf(start, to, maxMinutes)
		r, err := minutesScript.Call(ctx, h.space, minutesArgs{Rows: rowsOf(some)})
		if err != nil {
			return nil, err
		}
		read, err := decodeMinutes(r, some)
		if err != nil {
			return nil, err
		}
		minutes = append(minutes, read...)
	}
	return minutes, nil
}

// startsOf are the starts of the minutes of one call, at most so many.
func startsOf(start, to time.Time, most int) []time.Time {
	var starts []time.Time
	for len(starts) < most && !start.After(to) {
		starts = append(starts, start)
		start = start.Add(time.Minute)
	}
	return starts
}

func rowsOf(starts []time.Time) []minutesRow {
	rows := make([]minutesRow, len(starts))
	for i, start := range starts {
		rows[i].Minute = minuteKey(start)
	}
	return rows
}
