package matchq_test

// The benchmarks compare the cost of matchq to Redis with that of plain commands that move the same data, on a
// redis-server they start. One command runs them all, in a few minutes:
//
//	go test -run '^$' -bench . -benchtime 1x ./matchq
//
// Absolute figures depend on the machine and its other work. Ratios are stable, since both sides take turns within a
// round, and the printed figure is the median of some rounds.

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

const (
	benchQueues  = 100
	benchCallers = 1000
	benchRounds  = 7

	// Attributes of 64 bytes, as a game may have them.
	benchAttributes = `{"country":"kr","level":9,"lang":"ko","avatar":"fox","team":"a"}`
)

// lab is a benchmark's own redis-server.
type lab struct {
	*testing.B
	rdb     *redis.Client
	figures map[string][]float64 // of each round
}

func newLab(b *testing.B) *lab {
	b.Helper()
	l := &lab{B: b, rdb: matchqtest.Start(b).Client(b), figures: map[string][]float64{}}
	return l
}

// matcher makes a matcher with a connection pool of its own, as a process has it.
func (l *lab) matcher(cfg matchq.Config) *matchq.Matcher {
	l.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: l.rdb.Options().Addr, ContextTimeoutEnabled: true})
	l.Cleanup(func() { _ = rdb.Close() })
	m, err := matchq.New(rdb, cfg)
	l.must(err)
	return m
}

// limit is the default of Config.Limit, the tickets of a call.
func (l *lab) limit() int { return l.matcher(matchq.Config{}).Config().Limit }

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// empty deletes the data of earlier rounds.
func (l *lab) empty() { l.must(l.rdb.FlushAll(context.Background()).Err()) }

// info reads a number from INFO.
func (l *lab) info(section, name string) float64 {
	l.Helper()
	text, err := l.rdb.Info(context.Background(), section).Result()
	l.must(err)
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			number, err := strconv.ParseFloat(value, 64)
			l.must(err)
			return number
		}
	}
	l.Fatalf("INFO %s does not tell %s", section, name)
	return 0
}

// cpu returns the processor time of Redis's main thread, in microseconds.
func (l *lab) cpu() float64 {
	return 1e6 * (l.info("cpu", "used_cpu_user_main_thread") + l.info("cpu", "used_cpu_sys_main_thread"))
}

// measure records the cost of a piece of work to Redis, in microseconds for each of n items.
func (l *lab) measure(figure string, n int, work func()) {
	before := l.cpu()
	work()
	l.note(figure, (l.cpu()-before)/float64(n))
}

func (l *lab) note(figure string, value float64) {
	l.figures[figure] = append(l.figures[figure], value)
}

// report prints the median of a figure over the rounds.
func (l *lab) report(figure, unit string) {
	l.ReportMetric(median(l.figures[figure]), unit)
	l.ReportMetric(0, "ns/op") // left out: one operation is a whole experiment
}

// reportRatio prints the median over the rounds of one figure divided by another.
func (l *lab) reportRatio(figure, by, unit string) {
	var ratios []float64
	for round, value := range l.figures[figure] {
		ratios = append(ratios, value/l.figures[by][round])
	}
	l.ReportMetric(median(ratios), unit)
}

func median(values []float64) float64 {
	return quantile(values, 0.5)
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// crowd returns requests of n players, spread evenly over some queues.
func crowd(n, queues int) []matchq.Request {
	requests := make([]matchq.Request, n)
	for i := range requests {
		requests[i] = matchq.Request{
			Queue: queueName(i * 7919 % queues), Player: fmt.Sprintf("player-%d", i), Attributes: []byte(benchAttributes),
		}
	}
	return requests
}

func queueName(i int) string { return fmt.Sprintf("quiz-%d", i) }

// enqueueConcurrently lets many callers of Enqueue share the requests.
func (l *lab) enqueueConcurrently(m *matchq.Matcher, requests []matchq.Request) {
	l.Helper()
	l.concurrently(benchCallers, len(requests), enqueueOne(m, requests))
}

// enqueueAll lets one caller enqueue the requests.
func (l *lab) enqueueAll(m *matchq.Matcher, requests []matchq.Request) {
	l.Helper()
	for some := range slices.Chunk(requests, 10_000) {
		results, err := m.EnqueueAll(context.Background(), some)
		l.must(err)
		for _, r := range results {
			l.must(r.Err)
		}
	}
}

// tickAll ticks queues that hold tickets, one after the other.
func (l *lab) tickAll(m *matchq.Matcher, queues, tickets int) {
	l.Helper()
	matches := 0
	for i := range queues {
		report, err := m.Tick(context.Background(), queueName(i))
		l.must(err)
		matches += report.Matches
	}
	if matches != tickets/2 {
		l.Fatalf("%d matches of %d tickets", matches, tickets)
	}
}
