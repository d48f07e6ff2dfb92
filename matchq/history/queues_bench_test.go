package history_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// BenchmarkQueuesOfAMinute records a full minute of queues, and reports its part of Redis's memory, by the length of
// the queues' names: go test -run '^$' -bench QueuesOfAMinute ./matchq/history
func BenchmarkQueuesOfAMinute(b *testing.B) {
	for _, length := range []int{12, 128} {
		b.Run(fmt.Sprintf("names of %d bytes", length), func(b *testing.B) {
			env := matchqtest.Real(b)
			m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace})
			if err != nil {
				b.Fatal(err)
			}
			samples := make([]history.QueueSample, history.MaxQueues)
			for i := range samples {
				name := fmt.Sprintf("%03d", i)
				samples[i] = history.QueueSample{
					Queue: name + strings.Repeat("q", length-len(name)), Waiting: 1000, LongestWait: time.Minute, Matches: 1_000_000,
				}
			}
			for b.Loop() {
				now := env.Client.Time(b.Context()).Val()
				if _, err := history.New(m).RecordQueues(b.Context(), now, samples); err != nil {
					b.Fatal(err)
				}
			}
			memory, minutes := int64(0), env.Client.Keys(b.Context(), "*:minute_queues:*").Val()
			for _, key := range minutes {
				memory += env.Client.MemoryUsage(b.Context(), key).Val()
			}
			b.ReportMetric(float64(memory)/float64(len(minutes)), "B-of-Redis/minute")
		})
	}
}
