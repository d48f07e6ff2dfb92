package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// newWorker is a worker of some handlers, which does not talk to Redis.
func newWorker(concurrency int, ackWait time.Duration) *consumer {
	return &consumer{
		Config: Config{
			Space: space.New(space.Config{Namespace: "n", Logger: slog.New(slog.DiscardHandler)}), Concurrency: concurrency, AckWait: ackWait,
			Longest: time.Hour, Again: func(int, error) time.Duration { return math.MaxInt64 },
		},
		running: map[*task]bool{}, ended: make(chan *task, concurrency), next: -1,
	}
}

// All leases of a living worker are renewed in time, also more than a call takes, and in few calls.
func TestAllLeasesAreRenewedInTime(t *testing.T) {
	const ackWait = time.Hour
	c := newWorker(1000, ackWait)
	for i := range 1000 {
		age := ackWait/3 + time.Duration(i)*time.Millisecond
		c.running[&task{Delivery: Delivery{ID: strconv.Itoa(i)}, renewed: time.Now().Add(-age)}] = true
	}
	renewed, calls := map[string]bool{}, 0
	for ; calls == 0 || c.rest() <= time.Millisecond; calls++ {
		if calls == 5 {
			t.Fatalf("%d calls", calls)
		}
		for _, r := range c.newCall(0).Rows {
			renewed[r.ID] = true
		}
	}
	for one := range c.running {
		if age := time.Since(one.renewed); age > ackWait/6 || !renewed[one.ID] {
			t.Fatalf("the lease of %s is %v old when the worker rests, after %d calls", one.ID, age, calls)
		}
	}
	if c.rest() > time.Second {
		t.Errorf("it rests %v, and would miss what others give back", c.rest())
	}
	c.AckWait = 900 * time.Millisecond
	young := &task{renewed: time.Now().Add(-c.AckWait / 7)}
	c.running = map[*task]bool{young: true}
	c.newCall(0)
	if age := c.renewAt.Sub(young.renewed); age > c.AckWait/3 {
		t.Errorf("a lease is renewed at the age of %v", age)
	}
	now := time.Now()
	if rest := c.rest(); rest > max(c.renewAt.Sub(now), time.Millisecond) {
		t.Errorf("the worker rests %v, and a lease must be renewed in %v", rest, c.renewAt.Sub(now))
	}
}

// A handler that ends its goroutine has failed, and keeps neither its event nor its place.
func TestAHandlerThatExits(t *testing.T) {
	c := newWorker(1, time.Minute)
	c.Handle = func(context.Context, *Delivery) error { runtime.Goexit(); return nil }
	c.start(t.Context(), Delivery{ID: "1-1-0", Number: 1})
	select {
	case one := <-c.ended:
		if !errors.Is(one.err, errExited) {
			t.Errorf("it came to %v", one.err)
		}
		c.settle(one)
	case <-time.After(matchqtest.Patience):
		t.Fatal("its place is not free")
	}
	if len(c.running) != 0 || len(c.settled) != 1 || c.settled[0].Verdict == done {
		t.Errorf("then %d run, and settled is %+v", len(c.running), c.settled)
	}
}

// A pause of any length is cut to the longest, and never wraps around to none.
func TestPausesAreBounded(t *testing.T) {
	c := newWorker(1, time.Minute)
	for range 100 {
		verdict, _ := c.verdictOf(&task{err: errExited})
		if want := fmt.Sprint(time.Hour.Milliseconds()); verdict != want {
			t.Fatalf("delivered again after %s ms, not %s", verdict, want)
		}
	}
}
