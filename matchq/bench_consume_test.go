package matchq_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// followers are the ways to follow the matches of a namespace. Each tells of every match, until ctx ends.
var followers = []struct {
	name   string
	follow func(context.Context, *matchq.Matcher, func()) error
}{
	{"none", func(context.Context, *matchq.Matcher, func()) error { return nil }},
	{"watch", func(ctx context.Context, m *matchq.Matcher, told func()) error {
		for _, err := range m.Watch(ctx, matchq.FromOldest) {
			if err != nil {
				return err
			}
			told()
		}
		return nil
	}},
	{"consume", func(ctx context.Context, m *matchq.Matcher, told func()) error {
		o := matchq.ConsumeOptions{Group: "g", Concurrency: 32}
		return m.Consume(ctx, o, func(context.Context, matchq.Event) error { told(); return nil })
	}},
	{"together", func(ctx context.Context, m *matchq.Matcher, told func()) error {
		return m.ConsumeTogether(ctx, "g", "w", m.Config().Retention, func(_ context.Context, events []matchq.Event) error {
			for range events {
				told()
			}
			return nil
		})
	}},
}

// BenchmarkFollow tells the cost for Redis to follow a match by Watch, Consume and ConsumeTogether: the processor time
// and the calls to Redis, scripts counted as one. Matches come 5,000 at a time, or each alone.
func BenchmarkFollow(b *testing.B) {
	const atOnce, alone = 5000, 200
	l := newLab(b)
	for b.Loop() {
		for range 5 {
			for _, f := range followers {
				l.follow("batch-"+f.name, f.follow, atOnce, func(m *matchq.Matcher, _ func(int)) {
					l.tickAll(m, benchQueues, 2*atOnce)
				})
				l.follow("alone-"+f.name, f.follow, alone, func(m *matchq.Matcher, wait func(int)) {
					for i := range alone {
						_, err := m.EnqueueAll(b.Context(), []matchq.Request{
							{Queue: "lone", Player: fmt.Sprint("a", i)}, {Queue: "lone", Player: fmt.Sprint("b", i)},
						})
						l.must(err)
						_, err = m.Tick(b.Context(), "lone")
						l.must(err)
						wait(i + 1)
					}
				})
			}
		}
	}
	for _, how := range []string{"batch", "alone"} {
		for _, f := range followers[1:] {
			l.reportOver(how+"-"+f.name, how+"-none", how+"-"+f.name+"-µs/match")
			l.reportOver(how+"-"+f.name+"-calls", how+"-none-calls", how+"-"+f.name+"-calls/match")
		}
	}
}

// follow measures work that makes n matches, until a follower was told of all.
func (l *lab) follow(figure string, follow func(context.Context, *matchq.Matcher, func()) error, n int, work func(*matchq.Matcher, func(int))) {
	l.Helper()
	l.empty()
	m := l.matcher(matchq.Config{})
	l.enqueueAll(m, crowd(2*n, benchQueues)) // only some work takes them
	var told atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	before, cpu := l.calls(), l.cpu()
	go func() { ended <- follow(ctx, m, func() { told.Add(1) }) }()
	wait := func(most int) {
		for !strings.HasSuffix(figure, "none") && int(told.Load()) < most {
			matchqtest.Eventually(l, "the matches are told", func() bool { return int(told.Load()) >= most })
		}
	}
	work(m, wait)
	wait(n)
	l.note(figure, (l.cpu()-cpu)/float64(n))
	l.note(figure+"-calls", (l.calls()-before)/float64(n))
	cancel()
	l.must(<-ended)
}

// reportOver prints the median over the rounds of the quotient of two figures.
func (l *lab) reportOver(figure, base, unit string) {
	var over []float64
	for round, value := range l.figures[figure] {
		over = append(over, value-l.figures[base][round])
	}
	l.ReportMetric(median(over), unit)
	l.ReportMetric(0, "ns/op")
}

// calls is how many commands clients have sent that read events or run a script.
func (l *lab) calls() (sum float64) {
	text, err := l.rdb.Info(context.Background(), "commandstats").Result()
	l.must(err)
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		switch name {
		case "eval", "evalsha", "xread", "xreadgroup", "xack", "xautoclaim":
			calls, _, _ := strings.Cut(rest, ",")
			n, err := strconv.ParseFloat(calls, 64)
			l.must(err)
			sum += n
		}
	}
	return sum
}
