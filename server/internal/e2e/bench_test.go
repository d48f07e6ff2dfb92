package e2e_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// The cost of an open dashboard while 10,000 players wait in 500 queues that all change every second: processor time of
// this process, which holds the server and the dashboards' ends of the streams.
//
//	go test -run '^$' -bench Dashboard -benchtime 1x ./server/internal/e2e
func BenchmarkDashboard(b *testing.B) {
	const queues, players, pages, seconds = 500, 10_000, 10, 10
	url, matcher := startBench(b, "--interval", "1h", "--ticket-ttl", "0")
	enqueue := func(round, count int) {
		requests := make([]matchq.Request, count)
		for i := range requests {
			requests[i] = matchq.Request{Queue: fmt.Sprint("quiz-", i%queues), Player: fmt.Sprint(round, "-", i)}
		}
		if _, err := matcher.EnqueueAll(b.Context(), requests); err != nil {
			b.Fatal(err)
		}
	}
	enqueue(0, players)
	share := func(round int) float64 { // of a core, while every queue changes each second
		runtime.GC()
		before := cpuTime(b)
		for second := range seconds {
			enqueue(round+second, queues)
			time.Sleep(time.Second)
		}
		return float64(cpuTime(b)-before) / float64(seconds*time.Second)
	}
	for b.Loop() {
		without := share(100)
		for range pages {
			answer, err := http.Get(url + "/v1/dashboard/events")
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = answer.Body.Close() })
			go func() { _, _ = io.Copy(io.Discard, answer.Body) }()
		}
		with := share(200)
		b.ReportMetric(100*without, "%-without")
		b.ReportMetric(100*with, "%-with-ten")
		b.ReportMetric(100*(with-without)/pages, "%-of-a-core/page(goal≤2)")
		b.ReportMetric(0, "ns/op") // left out: one operation is a whole experiment
	}
}

// startBench runs a server on the benchmark's own redis-server.
func startBench(b *testing.B, args ...string) (url string, m *matchq.Matcher) {
	b.Helper()
	env := matchqtest.Real(b)
	url, f := startBenchOn(b, env.URL, append(args, "--namespace", env.Namespace)...)
	m, err := matchq.New(env.Client, f.MatcherConfig())
	if err != nil {
		b.Fatal(err)
	}
	return url, m
}

// startBenchOn runs a server on a redis-server.
func startBenchOn(b testing.TB, redis string, args ...string) (url string, f *flags.Flags) {
	b.Helper()
	f, err := flags.Parse(append([]string{"--addr", "127.0.0.1:0", "--redis", redis}, args...), io.Discard, io.Discard, nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	n, err := app.Start(ctx, app.NewConfig(f, slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return n.URL(), f
}

// cpuTime returns the processor time of this process.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
