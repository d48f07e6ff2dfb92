package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// startAnnouncer runs an Announcer alone, and counts its calls to Redis.
func startAnnouncer(t testing.TB, env *matchqtest.Env) (*notify.Announcer, *atomic.Int64) {
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := sessions.New(p, sessions.Config{Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	trips := &trips{}
	env.Client.AddHook(trips)
	a := notify.NewAnnouncer(&notify.Notifier{Matcher: m, Presence: p, Sessions: registry, Log: slog.New(slog.DiscardHandler)}, time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return a, &trips.n
}

// trips counts round trips.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// However many tickets come one after another, the announcer makes few calls to Redis for them.
func TestAnnouncerSharesCalls(t *testing.T) {
	a, calls := startAnnouncer(t, matchqtest.Real(t))
	const tickets = 2000
	began := time.Now()
	for i := range tickets {
		before := calls.Load()
		a.TicketMade(&matchq.Ticket{ID: fmt.Sprint("t", i), Player: fmt.Sprint("p", i), Queue: "q", State: matchq.Waiting})
		for spins := 0; spins < 1000 && calls.Load() == before; spins++ { // long enough for a call, if each ticket had one
			runtime.Gosched()
		}
	}
	rounds := 2 + int64(time.Since(began)/(20*time.Millisecond))
	if got, most := calls.Load(), 2*rounds+tickets/128; got > most {
		t.Errorf("%d calls for %d tickets in %v, want at most %d", got, tickets, time.Since(began), most)
	}
}

// The cost of 10,000 tickets a second by HTTP beside their requests, when none of their players is connected: processor time of
// this process, and calls to Redis.
//
//	go test -run '^$' -bench Announcer -benchtime 1x ./server/internal/play/notify
func BenchmarkAnnouncer(b *testing.B) {
	a, calls := startAnnouncer(b, matchqtest.Real(b))
	const perSecond, seconds = 10_000, 3
	spend := func(made func(*matchq.Ticket)) time.Duration {
		before := cpuTime(b)
		every := time.NewTicker(time.Millisecond)
		defer every.Stop()
		for i := range perSecond * seconds / 10 {
			<-every.C
			for k := range 10 {
				made(&matchq.Ticket{ID: fmt.Sprint(i, "-", k), Player: fmt.Sprint("p", i, "-", k), Queue: "q", State: matchq.Waiting})
			}
		}
		return cpuTime(b) - before
	}
	for b.Loop() {
		without := spend(func(*matchq.Ticket) {})
		calls.Store(0)
		with := spend(a.TicketMade)
		b.ReportMetric(100*(with-without).Seconds()/seconds, "%-of-a-core")
		b.ReportMetric(float64(calls.Load())/seconds, "calls/s")
		b.ReportMetric(0, "ns/op") // left out: one operation is a whole experiment
	}
}

func cpuTime(t testing.TB) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
