package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// test is one run.
type test struct {
	*tally
	options *options
	log     io.Writer
	client  client
	took    time.Duration
}

// client is a way to reach the server.
type client interface {
	// connect makes the connection of a player who is about to ask.
	connect(ctx context.Context, p *player) error
	// ask sends a player's request. Answers and outcomes go to the tally, later.
	ask(ctx context.Context, p *player)
	// withdraw cancels a player's request.
	withdraw(ctx context.Context, p *player)
	close()
}

func newTest(o *options, log io.Writer) *test {
	t := &test{options: o, log: log, tally: newTally(o, newPlayers(o))}
	calls := newCaller(o)
	if o.http {
		t.client = &overHTTP{tally: t.tally, caller: calls}
	} else {
		t.client = &overSockets{tally: t.tally, caller: calls, dials: make(chan struct{}, mostDials)}
	}
	return t
}

// progressEvery is the time between lines of progress, and between looks for late answers.
const progressEvery = time.Second

// run runs the test. An error means that it could not run; the server's faults are in the tally.
func (t *test) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer t.client.close()
	defer stop()
	if err := t.connectAll(ctx); err != nil {
		return err
	}
	if err := pause(ctx, t.options.hold); err != nil {
		return err
	}
	began := time.Now()
	var asking sync.WaitGroup
	var arrived atomic.Bool
	asking.Go(func() {
		t.arrive(ctx, began)
		arrived.Store(true)
	})
	t.await(ctx, &arrived)
	t.took = time.Since(began)
	err := ctx.Err()
	stop()
	asking.Wait()
	return err
}

// connectAll makes all connections. Requests are measured alone.
func (t *test) connectAll(ctx context.Context) error {
	var failed atomic.Int64
	var why error
	var once sync.Once
	var done atomic.Int64
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		t.spread(8*runtime.NumCPU(), func(p *player) {
			if err := t.client.connect(ctx, p); err != nil {
				once.Do(func() { why = err })
				failed.Add(1)
			}
			done.Add(1)
		})
	}()
	progress := time.NewTicker(progressEvery)
	defer progress.Stop()
	for {
		select {
		case <-progress.C:
			fmt.Fprintf(t.log, "connected %d of %d\n", done.Load()-failed.Load(), len(t.all))
			continue
		case <-finished:
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if why != nil {
			return fmt.Errorf("%d of %d players can't connect: %w", failed.Load(), len(t.all), why)
		}
		return nil
	}
}

// spread calls do for all players, by some workers.
func (t *test) spread(workers int, do func(*player)) {
	var next atomic.Int64
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(t.all) {
					return
				}
				do(t.all[n])
			}
		})
	}
	working.Wait()
}

// arrive has the players ask when it is their time.
func (t *test) arrive(ctx context.Context, began time.Time) {
	if t.options.burst {
		t.spread(4*runtime.NumCPU(), func(p *player) {
			if t.asks(p, began) {
				t.client.ask(ctx, p)
			}
		})
		return
	}
	for n := 0; t.options.duration > 0 || n < len(t.all); n++ {
		after := t.options.arrival(n)
		if t.options.duration > 0 && after > t.options.duration {
			return
		}
		at := began.Add(after)
		if pause(ctx, time.Until(at)) != nil {
			return
		}
		if p := t.all[n%len(t.all)]; t.asks(p, at) {
			t.client.ask(ctx, p)
		}
	}
}

// pause waits, or returns the error of ctx if that ends first.
func pause(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await returns when all players have an outcome. Those that find nobody are withdrawn when nothing happens any more.
func (t *test) await(ctx context.Context, arrived *atomic.Bool) {
	look := time.NewTicker(progressEvery / 20)
	defer look.Stop()
	next, withdrawn := time.Now().Add(progressEvery), false
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		if now.After(next) {
			next = now.Add(progressEvery)
			t.overdue(now)
			t.progress()
		}
		open, silent := t.left(now)
		switch {
		case !arrived.Load():
		case open == 0:
			return
		case silent > t.options.settle && !withdrawn:
			withdrawn = true
			t.withdrawAll(ctx)
		}
	}
}

// left returns how many players wait for something, and for how long nothing has happened.
func (t *test) left(now time.Time) (open int, silent time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking > 0 || t.away > 0 {
		return t.open + t.away, 0
	}
	return t.open, now.Sub(t.news)
}

// withdrawAll cancels the requests that are left over.
func (t *test) withdrawAll(ctx context.Context) {
	for _, p := range t.all {
		t.mu.Lock()
		waits := p.state == waiting
		p.leaving = p.leaving || waits
		t.mu.Unlock()
		if waits {
			t.client.withdraw(ctx, p)
		}
	}
}

func (t *test) progress() {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := []string{fmt.Sprintf("asked %d, unanswered %d, waiting %d, matched %d", t.asked, t.asking, t.open-t.asking, t.matched)}
	for _, count := range []struct {
		what string
		of   int
	}{{"disconnected", t.away}, {"errors", total(t.errors)}, {"broken promises", len(t.checker.broken) + t.checker.more}} {
		if count.of > 0 {
			line = append(line, fmt.Sprintf("%s %d", count.what, count.of))
		}
	}
	fmt.Fprintln(t.log, strings.Join(line, ", "))
}

func total(counts map[string]int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}
