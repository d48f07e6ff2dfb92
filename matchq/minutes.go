package matchq

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// MinutesKept is how long minutes are kept.
const MinutesKept = 25 * time.Hour

const (
	mostMinutes = 60       // are read in one call
	maxWords    = 16 << 10 // of a node, of one minute
)

// Totals count what happened in a namespace since it came into being.
type Totals struct {
	Enqueued, Proposed, Matched, Cancelled, Expired int64 // tickets; Proposed are those that are now
	Matches                                         int64
}

// Minute is where a namespace stood in one minute of Redis's clock, as nodes noted it.
type Minute struct {
	Start       time.Time
	First, Last Totals            // when it was noted first, and last
	MostWaiting int64             // the most that waited when it was noted
	LongestWait time.Duration     // the longest that anybody had waited when it was looked up
	LookedUp    bool              // whether it was
	Words       map[string]string // what each node said, by its name
}

// Note is what a node writes down.
type Note struct {
	Node  string    // a name
	Start time.Time // of the minute

	// Words replace what the node has said of this minute before; up to 16 KiB, "" keeps it.
	Words string

	// LongestWait is how long the first of all queues has waited, if LookedUp is set.
	LongestWait time.Duration
	LookedUp    bool
}

// Noted says what became of a note.
type Noted struct {
	Taken bool      // false: the minute is neither the current one nor the one before
	Now   time.Time // by Redis's clock

	// Looked is how long ago the longest wait was looked up, by whichever node; negative if not in this minute.
	Looked time.Duration
}

// NoteMinute writes down where the namespace stands in a minute, for Minutes: the totals of now, and what a node has to
// say of itself. Call it a few times a minute, on every node, and once more for the minute before when that has ended.
// Safe to repeat. Errors: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) NoteMinute(ctx context.Context, n Note) (Noted, error) {
	if err := CheckName("node", n.Node); err != nil {
		return Noted{}, err
	}
	if len(n.Words) > maxWords {
		return Noted{}, &InvalidError{"words", fmt.Sprintf("must be at most %d bytes, not %d", maxWords, len(n.Words))}
	}
	longest := any("")
	if n.LookedUp {
		longest = n.LongestWait.Milliseconds()
	}
	start := n.Start.Truncate(time.Minute)
	return within(ctx, m, nil, func(ctx context.Context) (Noted, error) {
		k := &m.keys
		r, err := m.write(ctx, m.scripts.note, []string{k.meta, k.counters, k.minute(start)},
			start.UnixMilli(), n.Node, n.Words, MinutesKept.Milliseconds(), longest)
		if err != nil {
			return Noted{}, err
		}
		noted := Noted{Now: time.UnixMilli(r.number()), Taken: r.number() == 1, Looked: -1}
		if looked := r.number(); looked >= 0 {
			noted.Looked = time.Duration(looked) * time.Millisecond
		}
		return noted, r.err
	})
}

// Minutes returns what was noted of the minutes from one to another, both included, oldest first; minutes of which
// nothing is known are left out. It takes a call for each 60 of them. Errors: ErrUnavailable.
func (m *Matcher) Minutes(ctx context.Context, from, to time.Time) ([]Minute, error) {
	var minutes []Minute
	for start := from.Truncate(time.Minute); !start.After(to); start = start.Add(mostMinutes * time.Minute) {
		var starts []time.Time
		for i := range mostMinutes {
			if one := start.Add(time.Duration(i) * time.Minute); !one.After(to) {
				starts = append(starts, one)
			}
		}
		some, err := m.someMinutes(ctx, starts)
		if err != nil {
			return nil, err
		}
		minutes = append(minutes, some...)
	}
	return minutes, nil
}

func (m *Matcher) someMinutes(ctx context.Context, starts []time.Time) ([]Minute, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([]Minute, error) {
		keys := make([]string, len(starts))
		for i, start := range starts {
			keys[i] = m.keys.minute(start)
		}
		r, err := m.read(ctx, m.scripts.minutes, keys)
		if err != nil {
			return nil, err
		}
		return decodeMinutes(r, starts)
	})
}

func decodeMinutes(r *reply, starts []time.Time) ([]Minute, error) {
	r.number()
	var minutes []Minute
	for _, start := range starts {
		fields := r.fields()
		if len(fields) == 0 {
			continue
		}
		minute := Minute{Start: start, Words: map[string]string{}}
		var waiting, longest int64
		complete := scan(fields["first"], minute.First.numbers()...) && scan(fields["last"], minute.Last.numbers()...) &&
			scan(fields["most"], &waiting)
		minute.LookedUp = scan(fields["longest"], &longest)
		minute.MostWaiting, minute.LongestWait = waiting, time.Duration(longest)*time.Millisecond
		for field, words := range fields {
			if node, ok := strings.CutPrefix(field, "node:"); ok {
				minute.Words[node] = words
			}
		}
		if complete { // nodes may have begun to speak when the minute was over
			minutes = append(minutes, minute)
		}
	}
	return minutes, r.err
}

// numbers are the totals in the order in which they are stored.
func (t *Totals) numbers() []*int64 {
	return []*int64{&t.Enqueued, &t.Proposed, &t.Matched, &t.Cancelled, &t.Expired, &t.Matches}
}

// scan reads numbers from text and says whether all were there.
func scan(text string, numbers ...*int64) bool {
	into := make([]any, len(numbers))
	for i, number := range numbers {
		into[i] = number
	}
	n, err := fmt.Sscan(text, into...)
	return err == nil && n == len(numbers)
}
