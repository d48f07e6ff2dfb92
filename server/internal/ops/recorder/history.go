package recorder

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq/history"
)

const (
	// Length is the length of the history.
	Length = 24 * time.Hour
	// Recent is the period of the current values, such as percentiles.
	Recent = 15 * time.Minute

	settled = 2 * time.Minute // age after which a minute no longer changes
	step    = time.Hour       // read at a time
)

// Row is one minute of the dashboard's charts. Unknown values are nil.
type Row struct {
	Minute    int64    `json:"minute"` // start, in ms
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

// History reads the recorded minutes. It is for one goroutine.
type History struct {
	Store *history.History
	Log   *slog.Logger

	rows   []Row // oldest first
	recent []recentMinute
	until  time.Time // last minute that was read; zero before
}

// recentMinute is a recent minute, which is kept whole.
type recentMinute struct {
	history.Minute

	sample sample
}

// Rows returns the rows, oldest first. Callers must not change them.
func (l *History) Rows() []Row { return l.rows }

// Update reads new minutes. now is Redis's time. After an error, one of history.History.Minutes, the rows stay as they
// are.
func (l *History) Update(ctx context.Context, now time.Time) error {
	from := now.Add(-Length)
	if next := l.until.Add(-settled); next.After(from) && !l.until.After(now) {
		from = next
	}
	l.rows = slices.Clone(l.rows) // the old slice may be in use
	l.forget(now)
	for from = from.Truncate(time.Minute); !from.After(now); from = from.Add(step) {
		to := from.Add(step - time.Minute)
		if to.After(now) {
			to = now
		}
		minutes, err := l.Store.Minutes(ctx, from, to)
		if err != nil {
			return err // the next update continues from here
		}
		l.add(minutes, now)
		l.until = to.Truncate(time.Minute)
	}
	return nil
}

// add adds minutes, oldest first.
func (l *History) add(minutes []history.Minute, now time.Time) {
	for i := range minutes {
		k := recentMinute{minutes[i], newSample()}
		for node, payload := range k.Payloads {
			if err := k.sample.add(payload); err != nil {
				l.Log.Debug("a minute is incomplete", "minute", k.Start, "node", node, "error", err)
			}
		}
		l.put(rowOf(&k, l.before(k.Start)))
		l.keep(k, now)
	}
}

// before returns the preceding minute, nil if it is unknown.
func (l *History) before(start time.Time) *recentMinute {
	for i := range l.recent {
		if l.recent[i].Start.Equal(start.Add(-time.Minute)) {
			return &l.recent[i]
		}
	}
	return nil
}

// put inserts or replaces a row.
func (l *History) put(row Row) {
	at, found := slices.BinarySearchFunc(l.rows, row.Minute, func(r Row, minute int64) int { return int(r.Minute - minute) })
	if !found {
		l.rows = slices.Insert(l.rows, at, row)
	}
	l.rows[at] = row
}

// keep keeps a recent minute. The newest one is last.
func (l *History) keep(k recentMinute, now time.Time) {
	l.recent = slices.DeleteFunc(l.recent, func(o recentMinute) bool {
		return o.Start.Equal(k.Start) || o.Start.Before(now.Add(-Recent-settled))
	})
	l.recent = append(l.recent, k)
}

// forget drops rows that are too old, or in the future because the clock was set back.
func (l *History) forget(now time.Time) {
	oldest, newest := now.Add(-Length).UnixMilli(), now.UnixMilli()
	l.rows = slices.DeleteFunc(l.rows, func(r Row) bool { return r.Minute < oldest || r.Minute > newest })
	l.recent = slices.DeleteFunc(l.recent, func(k recentMinute) bool { return k.Start.After(now) })
}

// rowOf makes a minute's row. It counts from the preceding minute's last record, or else from its own first one.
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
	if k.Measured {
		ms := k.LongestWait.Milliseconds()
		row.OldestMs = &ms
	}
	return row
}

// Same reports whether two rows are equal.
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

// Now has the current values.
type Now struct {
	WaitP50, WaitP95, WaitP99 *float64 // in ms, of matched tickets
	MatchesPerMinute          *float64
	ShareMatched              *float64 // of tickets that ended
}

// Now computes the current values. now is Redis's time.
func (l *History) Now(now time.Time) Now {
	waits := newSketch()
	for i := range l.recent {
		if k := &l.recent[i]; k.Start.After(now.Add(-Recent)) && !k.Start.After(now) {
			_ = waits.MergeWith(k.sample.waits.DDSketch) // all have the same accuracy
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
		if age < 2*time.Minute { // the part of the minute that lies within the last 60 s
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
