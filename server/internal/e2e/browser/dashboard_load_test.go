package browser_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

const (
	loadQueues  = 500
	loadPlayers = 10_000

	slowestTask = 200.0 // ms that one task of the page may take
	mostShare   = 0.2   // of a core that the page may use
)

// watchTasks makes a page record its tasks of more than 50 ms, and the time between its frames.
const watchTasks = `
	window.tasks = []; window.frames = [];
	new PerformanceObserver((list) => { for (const e of list.getEntries()) window.tasks.push(e.duration); }).observe({type: "longtask"});
	let last = performance.now();
	const frame = () => { const now = performance.now(); window.frames.push(now - last); last = now; requestAnimationFrame(frame); };
	requestAnimationFrame(frame);`

// 10,000 players in 500 queues that all change every second: the page stays smooth and fits, on a phone and on a desk,
// light and dark, also with a day of history. The test runs alone, since it measures time.
func TestDashboardUnderLoad(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { underLoad(t, matchqtest.Embedded(t)) })
	t.Run("redis", func(t *testing.T) { underLoad(t, matchqtest.Real(t)) })
}

func underLoad(t *testing.T, env *matchqtest.Env) {
	s := serve(t, env, "--interval", "24h", "--ticket-ttl", "0")
	crowd := &crowd{m: s.matcher(env)}
	if env.Embedded != nil {
		noteDay(t, env, crowd.m)
	}
	for range loadPlayers / loadQueues {
		if err := crowd.join(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stopped := crowd.goOn(t)
	defer stopped()
	for _, size := range []struct {
		width, height int64
		mobile        bool
	}{{360, 740, true}, {1280, 900, false}} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d-%s", size.width, scheme), func(t *testing.T) {
				p := s.newPage()
				p.t = t
				p.viewport(size.width, size.height, size.mobile)
				p.scheme(scheme)
				p.before(watchTasks + `localStorage.setItem("matchq.dashboard.range", "24h");`)
				call(p, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
				p.open("/dashboard")
				p.live()
				p.sees("#page-range", "1–50 of 500")
				p.noSidewaysScroll()
				p.smooth()
				eval[bool](p, `(document.querySelector("#queues-title").scrollIntoView(), true)`)
				p.smooth()
				p.noSidewaysScroll()
			})
		}
	}
}

// noteDay records a day of history for a server whose clock can be set.
func noteDay(t *testing.T, env *matchqtest.Env, m *matchq.Matcher) {
	t.Helper()
	defer env.Embedded.SetTime(time.Time{}) // the real time again
	for start := time.Now().Add(-24 * time.Hour); start.Before(time.Now()); start = start.Add(time.Minute) {
		env.Embedded.SetTime(start)
		sample := history.Sample{Node: "before", Start: start, Measured: true, LongestWait: time.Duration(start.Minute()) * time.Second}
		if _, err := history.New(m).Record(t.Context(), sample); err != nil {
			t.Fatal(err)
		}
	}
}

// busy is a page's load.
type busy struct {
	Busiest float64 `json:"busiest"` // ms of its longest task
	Gap     float64 `json:"gap"`     // ms between two frames, at most
	Changed int     `json:"changed"` // changes of a cell of the table
	Worked  float64 `json:"-"`       // ms of one core's time, in all
	Share   float64 `json:"-"`       // of a core
}

// longest returns an upper limit of the page's own work in one task. On a busy machine a task lasts longer than its own
// work, but no task works for longer than all tasks together.
func (b *busy) longest() float64 { return min(b.Busiest, b.Worked) }

// smooth checks that a page that gets events has no long task, and uses little of a core. Other work on the machine may
// disturb a measurement, but not all of them.
func (p *page) smooth() {
	p.t.Helper()
	var got busy
	for range 5 {
		got = p.measure()
		p.t.Logf("busy for %.0f ms at once, worked %.0f ms in all, %.1f %% of a core, %.0f ms between frames, %d cells changed",
			got.Busiest, got.Worked, 100*got.Share, got.Gap, got.Changed)
		if got.Changed == 0 {
			p.t.Error("nothing has changed, so nothing was measured")
		}
		if got.longest() <= slowestTask && got.Share <= mostShare {
			return
		}
	}
	p.t.Errorf("the page is busy for %.0f ms at once, and takes %.0f %% of a core", got.longest(), 100*got.Share)
}

// measure measures a page for two seconds.
func (p *page) measure() busy {
	p.t.Helper()
	before, began := p.worked(), time.Now()
	got := eval[busy](p, `new Promise((done) => {
		window.tasks.length = window.frames.length = 0;
		let changed = 0;
		const watch = new MutationObserver((list) => { changed += list.length; });
		watch.observe(document.querySelector("#queue-table tbody"), {childList: true, subtree: true, characterData: true});
		setTimeout(() => { watch.disconnect(); done({busiest: Math.max(0, ...tasks), gap: Math.max(...frames), changed}); }, 2000);
	})`)
	took := p.worked() - before
	got.Worked, got.Share = 1000*took, took/time.Since(began).Seconds()
	return got
}

// worked returns the page's processor time in seconds.
func (p *page) worked() float64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, metric := range result.Metrics {
		if metric.Name == "TaskDuration" {
			return metric.Value
		}
	}
	p.t.Fatal("the browser does not report the page's processor time")
	return 0
}

// crowd is a set of players who wait in all queues.
type crowd struct {
	m     *matchq.Matcher
	joins int
}

// join queues one more player in each queue.
func (c *crowd) join(ctx context.Context) error {
	requests := make([]matchq.Request, loadQueues)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprintf("quiz-%d", i), Player: fmt.Sprintf("player-%d-%d", i, c.joins)}
	}
	c.joins++
	_, err := c.m.EnqueueAll(ctx, requests)
	return err
}

// goOn calls join every second until the function that it returns is called.
func (c *crowd) goOn(t *testing.T) func() {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		next := time.NewTicker(time.Second)
		defer next.Stop()
		for {
			select {
			case <-next.C:
				if err := c.join(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("joining: %v", err)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
