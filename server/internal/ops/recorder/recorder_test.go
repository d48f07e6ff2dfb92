package recorder_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

// node is a recorder, its matcher, and its observed events.
type node struct {
	*matchq.Matcher
	recorder *recorder.Recorder
	store    *history.History
	queues   *queuecache.Cache
}

func newNode(t *testing.T, env *matchqtest.Env, name string) *node {
	t.Helper()
	n := &node{}
	config := matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience, Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) { n.recorder.Ticked(r) }}}
	var err error
	if n.Matcher, err = matchq.New(env.Client, config); err != nil {
		t.Fatal(err)
	}
	n.queues = queuecache.New(n.Matcher)
	n.store = history.New(n.Matcher)
	n.recorder = recorder.New(n.store, n.queues, name, slog.New(slog.DiscardHandler))
	return n
}

// runs makes a node record once and end, as when it stops.
func (n *node) runs(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n.recorder.Run(ctx)
}

// matches queues players, matches them, and passes the events to the recorder.
func (n *node) matches(t *testing.T, queue string, players int) {
	t.Helper()
	position, err := n.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range players {
		if _, err := n.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: fmt.Sprintf("%s-%d", queue, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Tick(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	seen := 0
	ctx, cancel := context.WithTimeout(t.Context(), matchqtest.Patience)
	defer cancel()
	for event, err := range n.Watch(ctx, position) {
		if err != nil {
			t.Fatal(err)
		}
		n.recorder.Observe([]matchq.Event{event})
		if seen += len(event.Tickets()); seen == players/2*2 {
			return
		}
	}
}

// read reads the history like a new dashboard.
func read(t *testing.T, n *node) (*recorder.History, []recorder.Row, time.Time) {
	t.Helper()
	stats, err := n.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log := &recorder.History{Store: n.store, Log: slog.New(slog.DiscardHandler)}
	if err := log.Update(t.Context(), stats.At); err != nil {
		t.Fatal(err)
	}
	return log, log.Rows(), stats.At
}

// Two nodes record different samples; all are kept, also after both nodes have ended.
func TestNodesTogether(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		a, b := newNode(t, env, "a"), newNode(t, env, "b")
		a.runs(t)
		a.matches(t, "history", 5)
		b.matches(t, "music", 8)
		a.runs(t)
		b.runs(t)
		log, rows, now := read(t, b)
		var enqueued, matched, matches int64
		for _, row := range rows { // one, or two if a minute has just ended
			enqueued, matched, matches = enqueued+row.Enqueued, matched+row.Matched, matches+row.Matches
		}
		if len(rows) > 2 || enqueued != 13 || matched != 12 || matches != 6 {
			t.Errorf("rows: %+v", rows)
		}
		last := rows[len(rows)-1]
		if last.OldestMs == nil || last.WaitP50 == nil || last.TickMax == nil {
			t.Errorf("without a reader: %+v", last)
		}
		if *last.WaitP50 > *last.WaitP95 || *last.WaitP95 > *last.WaitP99 || *last.TickP50 > *last.TickMax || *last.TickMax <= 0 {
			t.Errorf("percentiles: %+v", last)
		}
		sum := log.Now(now)
		if sum.ShareMatched == nil || *sum.ShareMatched != 1 || sum.WaitP50 == nil || *sum.MatchesPerMinute <= 0 || *sum.MatchesPerMinute > 6 {
			t.Errorf("now: %+v", sum)
		}
		if err := log.Update(t.Context(), now); err != nil || len(log.Rows()) != len(rows) || !log.Rows()[len(rows)-1].Same(&last) {
			t.Errorf("nothing has happened, and yet there is: %+v, %v", log.Rows(), err)
		}
	})
}

// The clock is set on, minute by minute, for more than a day.
func TestADay(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	now := time.Date(2030, 1, 1, 0, 0, 30, 0, time.UTC)
	env.Embedded.SetTime(now)
	n := newNode(t, env, "a")
	n.runs(t)
	log := &recorder.History{Store: n.store, Log: slog.New(slog.DiscardHandler)}
	const minutes = 24*60 + 5
	for i := range minutes {
		n.matches(t, fmt.Sprint("queue-", i), 2)
		n.runs(t)
		if i%7 == 0 {
			if err := log.Update(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Minute)
		env.Embedded.SetTime(now)
	}
	if err := log.Update(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	fresh, _, _ := read(t, n)
	for name, rows := range map[string][]recorder.Row{"as it went on": log.Rows(), "afterwards": fresh.Rows()} {
		if len(rows) != 24*60-1 && len(rows) != 24*60 {
			t.Errorf("%s: %d rows", name, len(rows))
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].Minute-rows[i-1].Minute != 60_000 || rows[i].Matches != 1 || rows[i].Enqueued != 2 {
				t.Fatalf("%s: %+v after %+v", name, rows[i], rows[i-1])
			}
		}
	}
	if got := *fresh.Now(now).MatchesPerMinute; math.Abs(got-0.5) > 1e-9 { // half of the last minute, nothing yet in this one
		t.Errorf("%v matches a minute", got)
	}
	keys := 0
	for _, key := range env.Embedded.Keys() {
		if strings.Contains(key, ":minute:") {
			keys++
		}
	}
	if keys != minutes { // the library's tests check their expiry
		t.Errorf("%d minutes are kept", keys)
	}
}

// Redis's clock is set back: records of the future do not count as current.
func TestClockSetBack(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC)
	env.Embedded.SetTime(now)
	n := newNode(t, env, "a")
	log := &recorder.History{Store: n.store, Log: slog.New(slog.DiscardHandler)}
	for i := range 30 {
		n.runs(t)
		n.matches(t, fmt.Sprint("queue-", i), 2)
		n.runs(t)
		now = now.Add(time.Minute)
		env.Embedded.SetTime(now)
	}
	if err := log.Update(t.Context(), now); err != nil || len(log.Rows()) != 30 {
		t.Fatalf("%d rows, %v", len(log.Rows()), err)
	}
	now = now.Add(-20 * time.Minute)
	env.Embedded.SetTime(now)
	if got := *log.Now(now).MatchesPerMinute; got > 2 {
		t.Errorf("%v matches a minute", got)
	}
	if err := log.Update(t.Context(), now); err != nil || len(log.Rows()) != 11 {
		t.Errorf("%d rows, %v", len(log.Rows()), err)
	}
}

// After a long time without readers only the minutes that may still exist are read.
func TestLongAbsence(t *testing.T) {
	env := matchqtest.Embedded(t)
	asked := 0
	env.Client.AddHook(countingHook{&asked})
	n := newNode(t, env, "a")
	log := &recorder.History{Store: n.store, Log: slog.New(slog.DiscardHandler)}
	now := time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC)
	for _, later := range []time.Duration{0, 90 * 24 * time.Hour} {
		asked = 0
		if err := log.Update(t.Context(), now.Add(later)); err != nil {
			t.Fatal(err)
		}
		if asked > 30 {
			t.Errorf("after %v Redis was asked %d times", later, asked)
		}
	}
}

// countingHook counts the commands of a client.
type countingHook struct{ n *int }

func (h countingHook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h countingHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h countingHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		*h.n++
		return next(ctx, cmd)
	}
}

// Records in Redis may be another version's, or corrupt.
func TestWordsThatMakeNoSense(t *testing.T) {
	env := matchqtest.Embedded(t)
	n := newNode(t, env, "a")
	n.runs(t)
	n.matches(t, "history", 2)
	n.runs(t)
	for i, words := range []string{"x", "\x01", "\x01\xff\xff\xff\xff\x7f", "\x01\x03abc\x00", "\x02", "\x01\x00"} {
		stats, err := n.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.store.Record(t.Context(), history.Sample{Node: fmt.Sprint("other-", i), Start: stats.At, Payload: words}); err != nil {
			t.Fatal(err)
		}
	}
	log, rows, _ := read(t, n)
	if len(rows) == 0 || log.Rows()[len(rows)-1].Matches+rows[0].Matches < 1 {
		t.Errorf("rows: %+v", rows)
	}
}

// onAll runs a test on all kinds of Redis, in parallel with others: tests wait most of the time.
func onAll(t *testing.T, test func(t *testing.T, env *matchqtest.Env)) {
	t.Helper()
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		test(t, env)
	})
}
