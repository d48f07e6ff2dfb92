package recorder

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
)

const (
	// Length is how far back the history goes.
	Length = 24 * time.Hour
	// Recent is the time over which what is of now is told, such as percentiles.
	Recent = 15 * time.Minute

	settled = 2 * time.Minute // after that a minute changes no more
	step    = time.Hour       // is read at a time
)

// Row is one minute, as the dashboard gets it. What is not known is nil.
type Row struct {
	Minute    int64    `json:"minute"` // when it began, in ms
	Waiting   int64    `json:"waiting"`
	OldestMs  *int64   `json:"oldest_ms"`
	Enqueued  int64    `json:"enqueued"`
	Matched   int64    `json:"matched"`
	Cancelled int64    `json:"cancelled"`
	Expired   int64    `json:"expired"`
	Matches   int64    `json:"matches"`
	WaitP50   *float64 `json:"wait_p50_ms"`
	WaitP95   *float64 `json:"wait_p95_ms"`
	WaitP99   *float64 `json:"wait_p99_ms"`
	TickP50   *float64 `json:"tick_p50_ms"`
	TickMax   *float64 `json:"tick_max_ms"`
}

// History reads the history. It is for one goroutine.
type History struct {
	Matcher *matchq.Matcher
	Log     *slog.Logger

	rows   []Row // oldest first
	recent []recentMinute
	until  time.Time // the minute that was read last; zero before
}

// recentMinute is a minute of the recent past, of which more is needed than its row.
type recentMinute struct {
	matchq.Minute

	sample sample
}

// Rows are all rows, oldest first. The caller must not change them.
func (l *History) Rows() []Row { return l.rows }

// Update reads what is new at a time of Redis's clock. After an error, one of matchq.Matcher.Minutes, what was read stays.
func (l *History) Update(ctx context.Context, now time.Time) error {
	from := now.Add(-Length)
	if next := l.until.Add(-settled); next.After(from) && !l.until.After(now) {
		from = next
	}
	l.rows = slices.Clone(l.rows) // somebody may be reading them
	l.forget(now)
	for from = from.Truncate(time.Minute); !from.After(now); from = from.Add(step) {
		to := from.Add(step - time.Minute)
		if to.After(now) {
			to = now
		}
		minutes, err := l.Matcher.Minutes(ctx, from, to)
		if err != nil {
			return err // the next time goes on from there
		}
		l.add(minutes, now)
		l.until = to.Truncate(time.Minute)
	}
	return nil
}

// add takes in minutes, oldest first.
func (l *History) add(minutes []matchq.Minute, now time.Time) {
	for i := range minutes {
		k := recentMinute{minutes[i], newSample()}
		for node, words := range k.Words {
			if err := k.sample.add(words); err != nil {
				l.Log.Debug("a minute is not known in full", "minute", k.Start, "node", node, "error", err)
			}
		}
		l.put(rowOf(&k, l.before(k.Start)))
		l.keep(k, now)
	}
}

// before is the minute right before another, nil if it is not known.
func (l *History) before(start time.Time) *recentMinute {
	for i := range l.recent {
		if l.recent[i].Start.Equal(start.Add(-time.Minute)) {
			return &l.recent[i]
		}
	}
	return nil
}

// put puts a row in its place.
func (l *History) put(row Row) {
	at, found := slices.BinarySearchFunc(l.rows, row.Minute, func(r Row, minute int64) int { return int(r.Minute - minute) })
	if !found {
		l.rows = slices.Insert(l.rows, at, row)
	}
	l.rows[at] = row
}

// keep keeps a minute while it is recent. The newest is the last.
func (l *History) keep(k recentMinute, now time.Time) {
	l.recent = slices.DeleteFunc(l.recent, func(o recentMinute) bool {
		return o.Start.Equal(k.Start) || o.Start.Before(now.Add(-Recent-settled))
	})
	l.recent = append(l.recent, k)
}

// forget lets go of what is too old, and of what is still to come since the clock was set back.
func (l *History) forget(now time.Time) {
	oldest, newest := now.Add(-Length).UnixMilli(), now.UnixMilli()
	l.rows = slices.DeleteFunc(l.rows, func(r Row) bool { return r.Minute < oldest || r.Minute > newest })
	l.recent = slices.DeleteFunc(l.recent, func(k recentMinute) bool { return k.Start.After(now) })
}

// rowOf counts what happened in a minute: since the minute before was noted last, or else since it was itself first.
func rowOf(k *recentMinute, before *recentMinute) Row {
	base := k.First
	if before != nil {
		base = before.Last
	}
	row := Row{
		Minute: k.Start.UnixMilli(), Waiting: k.MostWaiting,
		Enqueued: max(0, k.Last.Enqueued-base.Enqueued), Matched: max(0, k.Last.Matched-base.Matched),
		Cancelled: max(0, k.Last.Cancelled-base.Cancelled), Expired: max(0, k.Last.Expired-base.Expired),
		Matches: max(0, k.Last.Matches-base.Matches),
		WaitP50: k.sample.waits.at(0.5), WaitP95: k.sample.waits.at(0.95), WaitP99: k.sample.waits.at(0.99),
		TickP50: k.sample.ticks.at(0.5), TickMax: k.sample.ticks.at(1),
	}
	if k.LookedUp {
		ms := k.LongestWait.Milliseconds()
		row.OldestMs = &ms
	}
	return row
}

// Same says whether two rows say the same.
func (r *Row) Same(o *Row) bool {
	x, y := *r, *o
	for _, p := range []struct{ a, b **float64 }{
		{&x.WaitP50, &y.WaitP50}, {&x.WaitP95, &y.WaitP95}, {&x.WaitP99, &y.WaitP99}, {&x.TickP50, &y.TickP50}, {&x.TickMax, &y.TickMax},
	} {
		if !equal(*p.a, *p.b) {
			return false
		}
		*p.a, *p.b = nil, nil
	}
	if !equal(x.OldestMs, y.OldestMs) {
		return false
	}
	x.OldestMs, y.OldestMs = nil, nil
	return x == y
}

func equal[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Now is what the recent past says.
type Now struct {
	WaitP50, WaitP95, WaitP99 *float64 // in ms, of who was matched
	MatchesPerMinute          *float64
	ShareMatched              *float64 // of tickets that ended
}

// Now sums up the recent past at a time of Redis's clock.
func (l *History) Now(now time.Time) Now {
	waits := newSketch()
	for i := range l.recent {
		if k := &l.recent[i]; k.Start.After(now.Add(-Recent)) && !k.Start.After(now) {
			_ = waits.MergeWith(k.sample.waits.DDSketch) // all have the same scale
		}
	}
	n := Now{WaitP50: waits.at(0.5), WaitP95: waits.at(0.95), WaitP99: waits.at(0.99)}
	var matched, ended int64
	var lastMinute float64
	known := false
	for i := len(l.rows) - 1; i >= 0; i-- {
		row := &l.rows[i]
		age := now.Sub(time.UnixMilli(row.Minute))
		if age < 0 {
			continue
		}
		if age >= Recent {
			break
		}
		matched += row.Matched
		ended += row.Matched + row.Cancelled + row.Expired
		if age < 2*time.Minute { // as much of the minute before as lies within the last sixty seconds
			lastMinute += float64(row.Matches) * min(1, 2-age.Minutes())
			known = true
		}
	}
	if known {
		n.MatchesPerMinute = &lastMinute
	}
	if ended > 0 {
		part := float64(matched) / float64(ended)
		n.ShareMatched = &part
	}
	return n
}
