package matchq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
)

// ratingAndRecent are rules of a distance that widens and of recent opponents.
func ratingAndRecent() matchq.Rules {
	return matchq.Rules{TicketTTL: rules.Never, Rules: []rules.Rule{
		{Type: rules.Distance, Max: 50, Expand: rules.Expand{By: 10, Every: time.Second, To: 600}},
		{Type: rules.Avoid, Last: 3, OptionalAfter: 30 * time.Second},
	}}
}

// A queue of 100,000 by rating: Redis's work for a ticket, how long others wait meanwhile, and the memory of the ranks.
func BenchmarkLargeQueue(b *testing.B) {
	const tickets = 100_000
	l := newLab(b)
	for b.Loop() {
		l.empty()
		m := l.matcher(matchq.Config{Rules: map[string]matchq.Rules{"*": ofOneLimit}, Timeout: time.Minute})
		l.enqueueAll(m, normalCrowd(tickets))
		began := time.Now()
		l.pingDuring("tick", func() {
			l.measure("redis", tickets, func() {
				for more, sweeping := true, false; more; {
					report, err := m.TickOnce(context.Background(), largeQueue)
					l.must(err)
					state := l.rdb.HGet(context.Background(), "{matchq}:batches", largeQueue).Val()
					if more = report.More; more && state[0] == 's' && !sweeping {
						sweeping = true
						bytes, err := l.rdb.MemoryUsage(context.Background(), "{matchq}:rank:"+largeQueue, 0).Result()
						l.must(err)
						l.note("memory", float64(bytes)/tickets)
					}
				}
			})
		})
		l.note("seconds", time.Since(began).Seconds())
	}
	l.report("redis", "redis-µs/ticket")
	l.report("memory", "B-of-ranks/ticket")
	l.report("seconds", "s")
	l.ReportMetric(quantile(l.figures["tick"], 0.99), "ping-p99-ms")
	l.ReportMetric(quantile(l.figures["tick"], 1), "ping-max-ms")
}

// Redis's work for a match by rules, over that for one by FIFO: 100 queues of 120 players with ratings, a call for each.
func BenchmarkRulesAgainstFIFO(b *testing.B) {
	const tickets = 120 * benchQueues
	l := newLab(b)
	for b.Loop() {
		for round := range benchRounds {
			for name, with := range map[string]matchq.Rules{"FIFO": {TicketTTL: rules.Never}, "rules": ratingAndRecent()} {
				l.empty()
				m := l.matcher(matchq.Config{Rules: map[string]matchq.Rules{"*": with}})
				l.enqueueRating(m, rand.New(rand.NewPCG(1, uint64(round))), benchQueues, tickets)
				before, err := m.Stats(context.Background())
				l.must(err)
				cost := l.cpu()
				for i := range benchQueues {
					_, err := m.TickQueue(context.Background(), queueName(i))
					l.must(err)
				}
				cost = l.cpu() - cost
				after, err := m.Stats(context.Background())
				l.must(err)
				l.note(name, cost/float64(after.Matches-before.Matches))
			}
		}
	}
	l.report("FIFO", "FIFO-µs/match")
	l.report("rules", "rules-µs/match")
	l.reportRatio("rules", "FIFO", "ratio")
}

// Redis's time for a whole tick call of 128 tickets by distance and avoid, in one queue and in 16, and by FIFO.
func BenchmarkTickCall(b *testing.B) {
	const calls, in = 500, 128
	for _, queues := range []int{1, 4, 16} {
		for _, way := range []struct {
			name  string
			rules matchq.Rules
		}{{"rules", ratingAndRecent()}, {"FIFO", matchq.Rules{TicketTTL: rules.Never}}} {
			b.Run(fmt.Sprintf("%s/%d", way.name, queues), func(b *testing.B) {
				l := newLab(b)
				l.must(l.rdb.ConfigSet(context.Background(), "slowlog-log-slower-than", "0").Err())
				l.must(l.rdb.ConfigSet(context.Background(), "slowlog-max-len", "64").Err())
				for b.Loop() {
					l.empty()
					m := l.matcher(matchq.Config{Rules: map[string]matchq.Rules{"*": way.rules}})
					random := rand.New(rand.NewPCG(1, 2))
					for range calls {
						l.enqueueRating(m, random, queues, in)
						l.must(l.rdb.Do(context.Background(), "SLOWLOG", "RESET").Err())
						l.measure("cpu", 1, func() { l.must(m.TickTogether(context.Background(), queueNames(queues)...)) })
						l.note("call", l.longest("evalsha"))
					}
				}
				l.report("cpu", "median-cpu-µs") // with the INFO that tells it; other work on the machine delays it less
				l.report("call", "median-µs(goal≤2500)")
				l.ReportMetric(quantile(l.figures["call"], 0.99), "p99-µs(goal≤4000)")
			})
		}
	}
}

func queueNames(queues int) (names []string) {
	for i := range queues {
		names = append(names, queueName(i))
	}
	return names
}

// enqueueRating fills queues up to n tickets in all. Of the 512 players some have met before.
func (l *lab) enqueueRating(m *matchq.Matcher, random *rand.Rand, queues, n int) {
	l.Helper()
	stats, err := m.Stats(context.Background())
	l.must(err)
	for range 10 {
		var requests []matchq.Request
		for i := range n - int(stats.Waiting) {
			player := random.IntN(4 * n)
			requests = append(requests, matchq.Request{
				Queue: queueName(i % queues), Player: "p" + strconv.Itoa(player), Rating: new(1500 + 300*random.NormFloat64()),
				Attributes: json.RawMessage(benchAttributes),
			})
		}
		_, err := m.EnqueueAll(context.Background(), requests) // a player who waits already is refused
		l.must(err)
		if stats, err = m.Stats(context.Background()); int(stats.Waiting) >= n {
			break
		}
		l.must(err)
	}
}

// longest is the longest time that Redis took for a command since its slow log was reset (µs).
func (l *lab) longest(command string) (most float64) {
	l.Helper()
	entries, err := l.rdb.SlowLogGet(context.Background(), -1).Result()
	l.must(err)
	for _, e := range entries {
		if e.Args[0] == command {
			most = max(most, float64(e.Duration.Microseconds()))
		}
	}
	return most
}
