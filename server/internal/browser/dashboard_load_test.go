package browser_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

const (
	loadQueues  = 500
	loadPlayers = 10_000
	slowestTask = 200.0 // ms that the page may be busy at once
)

// watchTasks has a page write down when it was busy for longer than 50 ms at once, and the time between its frames.
const watchTasks = `
	window.tasks = []; window.frames = [];
	new PerformanceObserver((list) => { for (const e of list.getEntries()) window.tasks.push(e.duration); }).observe({type: "longtask"});
	let last = performance.now();
	const frame = () => { const now = performance.now(); window.frames.push(now - last); last = now; requestAnimationFrame(frame); };
	requestAnimationFrame(frame);`

// 10,000 players in 500 queues, of which every one changes every second: the page stays smooth and fits, on a phone and
// on a desk, light and dark, also with a day of history. It runs alone, since it measures time.
func TestDashboardUnderLoad(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { underLoad(t, redistest.Embedded(t)) })
	t.Run("redis", func(t *testing.T) { underLoad(t, redistest.Real(t)) })
}

func underLoad(t *testing.T, env *redistest.Env) {
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

// noteDay gives a day of history to a server whose clock can be set.
func noteDay(t *testing.T, env *redistest.Env, m *matchq.Matcher) {
	t.Helper()
	defer env.Embedded.SetTime(time.Time{}) // the real time again
	for start := time.Now().Add(-24 * time.Hour); start.Before(time.Now()); start = start.Add(time.Minute) {
		env.Embedded.SetTime(start)
		note := matchq.Note{Node: "before", Start: start, LookedUp: true, LongestWait: time.Duration(start.Minute()) * time.Second}
		if _, err := m.NoteMinute(t.Context(), note); err != nil {
			t.Fatal(err)
		}
	}
}

// smooth checks that a page that gets news is never busy for long. Something else on the machine may get in the way, but
// not each time.
func (p *page) smooth() {
	p.t.Helper()
	type look struct {
		Busiest float64 `json:"busiest"` // ms
		Longest float64 `json:"longest"` // ms between two frames
		Total   float64 `json:"total"`   // ms of long tasks
		Changed int     `json:"changed"` // cells of the table
	}
	var got look
	for range 3 {
		got = eval[look](p, `new Promise((done) => {
			window.tasks.length = window.frames.length = 0;
			let changed = 0;
			const watch = new MutationObserver((list) => { changed += list.length; });
			watch.observe(document.querySelector("#queue-table tbody"), {childList: true, subtree: true, characterData: true});
			setTimeout(() => { watch.disconnect(); done({busiest: Math.max(0, ...tasks), longest: Math.max(...frames), total: tasks.reduce((a, b) => a + b, 0), changed}); }, 2000);
		})`)
		p.t.Logf("in 2 s: busiest %.0f ms, long tasks %.0f ms in all, longest between frames %.0f ms, %d cells changed", got.Busiest, got.Total, got.Longest, got.Changed)
		if got.Changed == 0 {
			p.t.Error("nothing has changed, so nothing was measured")
		}
		if got.Busiest <= slowestTask && got.Longest <= 2*slowestTask {
			return
		}
	}
	p.t.Errorf("the page is busy for %.0f ms at once, and draws nothing for %.0f ms", got.Busiest, got.Longest)
}

// crowd are players who wait in all queues.
type crowd struct {
	m     *matchq.Matcher
	joins int
}

// join lets one more player wait in each queue.
func (c *crowd) join(ctx context.Context) error {
	requests := make([]matchq.Request, loadQueues)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprintf("quiz-%d", i), Player: fmt.Sprintf("player-%d-%d", i, c.joins)}
	}
	c.joins++
	_, err := c.m.EnqueueAll(ctx, requests)
	return err
}

// goOn lets more join every second until the function that it returns is called.
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
