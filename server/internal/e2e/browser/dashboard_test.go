package browser_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// dashboard opens the dashboard and waits until it is live.
func (s *server) dashboard() *page {
	s.t.Helper()
	p := s.open("/dashboard")
	p.live()
	return p
}

func (p *page) live() {
	p.t.Helper()
	p.until(`document.querySelector("#link-text")?.textContent === "live"`)
}

// tile waits until a tile has a value.
func (p *page) tile(name, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s.textContent === %s", element("[data-value="+name+"]"), quoted(value)))
}

// matcher works on the queues of a server directly, without HTTP.
func (s *server) matcher(env *matchqtest.Env) *matchq.Matcher {
	s.t.Helper()
	f, err := flags.Parse(s.args, io.Discard, io.Discard, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	config := f.MatcherConfig()
	config.Logger, config.Timeout = slog.New(slog.DiscardHandler), patience
	m, err := matchq.New(env.Client, config)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// post sends JSON and returns the status and the body.
func (s *server) post(path, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// queue queues players.
func (s *server) queue(queue string, players ...string) {
	s.t.Helper()
	for _, player := range players {
		if status, text := s.post("/v1/queues/"+url.PathEscape(queue)+"/tickets", `{"player":"`+player+`"}`); status != http.StatusCreated {
			s.t.Fatalf("queueing %s: %d %s", player, status, text)
		}
	}
}

// The page shows a hint while nobody waits, then the waiting players and their matches.
func TestDashboardFromEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, "--path-prefix", "/games/quiz", "--interval", "1h")
		p := s.dashboard()
		p.sees("#empty", "Nobody is waiting")
		p.sees("#curl", s.url+"/v1/queues/history/tickets")
		p.tile("waiting", "0")
		p.gone("#queue-box")
		p.sees("#audit-state", "adds up")
		p.sees("#redis-state", "answers")
		if env.Embedded != nil {
			p.sees("[data-redis=memory]", "not available")
		} else {
			p.sees("[data-redis=memory]", "MiB")
			p.sees("[data-redis=script]", "µs a call")
		}
		p.sees("#node-table", "answers you")
		p.sees("#no-matches", "No match")

		s.queue("history", "alice", "bob", "carol")
		s.queue("a/b ü", "dora")
		p.tile("waiting", "4")
		p.gone("#empty")
		p.sees(`tr[data-queue="history"]`, "history")
		p.until(`document.querySelector('tr[data-queue="history"]').cells[1].textContent === "3"`)
		p.see(`tr[data-queue="a/b ü"]`)
		p.until(`document.querySelector('tr[data-queue="a/b ü"]').cells[4].textContent === "needs 1 more"`)
		p.until(`/^in \d+ min/.test(document.querySelector('tr[data-queue="history"]').cells[4].textContent)`)

		if _, err := s.matcher(env).Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		p.tile("waiting", "2")
		p.until(`document.querySelector("[data-chart=waiting] .legend-value").textContent === "2"`) // not this minute's maximum
		p.sees("#match-table", "history")
		p.sees("#match-table", "ago")
		if cut := eval[string](p, `[...document.querySelectorAll(".side :is(td, th)")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.innerText).join("; ")`); cut != "" {
			t.Errorf("cut off: %s", cut)
		}
		p.until(`document.querySelector("[data-audit=matched]").textContent === "2"`)
	})
}

// A chart's values are in the table behind it, and arrow keys step through them. The range is kept.
func TestDashboardCharts(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Real(t))
	p := s.newPage()
	p.viewport(1280, 900, false)
	p.open("/dashboard")
	p.live()
	p.click(`[data-chart="flow"] summary`)
	p.see(`[data-chart="flow"] tbody tr`) // the history has begun
	s.queue("history", "alice", "bob")
	s.queue("music", "carol")
	if status, text := s.post("/v1/admin/queues/music/drain", ""); status != http.StatusOK {
		t.Fatalf("draining: %d %s", status, text)
	}

	column := func(chart string, n int) string { // its sum: a minute may end meanwhile
		return fmt.Sprintf(`[...document.querySelectorAll("[data-chart=%s] tbody tr")].reduce((sum, row) => sum + Number(row.cells[%d].textContent), 0)`, chart, n)
	}
	for n, sum := range map[int]string{1: "3", 2: "2", 3: "1", 4: "0"} { // enqueued, matched, cancelled, expired
		p.until(column("flow", n) + " === " + sum)
	}
	p.click(`[data-chart="wait"] summary`)
	p.until(`[...document.querySelectorAll("[data-chart=wait] tbody tr")].some((row) => /^\d.* m?s$/.test(row.cells[1].textContent))`)
	p.click(`[data-chart="tick"] summary`)
	p.until(`document.querySelector("[data-chart=tick] tbody").innerText.includes("ms")`)
	p.see(`[data-chart="waiting"] canvas`)
	p.until(`document.querySelector("[data-chart=waiting] .plot").getAttribute("aria-label").includes(" this minute, at most ")`)

	eval[bool](p, `(document.querySelector("[data-chart=flow] .plot").focus(), true)`)
	p.press(kb.ArrowLeft)
	for _, chart := range []string{"flow", "waiting"} { // the crosshair moves in all of them
		p.until(`document.querySelector("[data-chart=` + chart + `] .legend-time").textContent.startsWith("at ")`)
	}
	p.press(kb.End)
	p.sees(`[data-chart="flow"] .legend-time`, "this minute")

	p.click(`[data-chart="flow"] .legend-item`)
	p.until(`document.querySelector("[data-chart=flow] .legend-item").getAttribute("aria-pressed") === "false"`)

	p.click(`.switch label:nth-of-type(3)`)
	p.until(`document.querySelector("[name=range][value='24h']").checked`)
	p.reload()
	p.live()
	p.until(`document.querySelector("[name=range][value='24h']").checked`)

	// The lines have the colours of the scheme, also when that changes.
	colours := `(() => { const c = document.querySelector("[data-chart=flow] canvas"); if (!c) return 0;
		const copy = new OffscreenCanvas(c.width, c.height).getContext("2d", {willReadFrequently: true}); copy.drawImage(c, 0, 0);
		return copy.getImageData(0, 0, c.width, c.height).data.reduce((sum, n, i) => i % 4 === 3 ? sum : sum + n, 0); })()`
	p.scheme("light")
	p.until(colours)
	light := eval[float64](p, colours)
	p.scheme("dark")
	p.until(fmt.Sprintf("Math.abs(%s / %v - 1) > 0.05", colours, light))
}

// The table of queues sorts, filters and turns pages.
func TestDashboardQueueTable(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serve(t, env, "--match-size", "16") // nobody is matched
	var requests []matchq.Request
	for queue := range 120 {
		for player := range 1 + queue%7 {
			requests = append(requests, matchq.Request{Queue: fmt.Sprintf("quiz-%d", queue), Player: fmt.Sprintf("player-%d-%d", queue, player)})
		}
	}
	if _, err := s.matcher(env).EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	p := s.dashboard()
	first := `document.querySelector("#queue-table tbody tr")?.dataset.queue`
	rows := `document.querySelectorAll("#queue-table tbody tr").length`
	p.until(first + ` === "quiz-6"`) // most wait there; then by name
	p.sees("#page-range", "1–50 of 120")
	p.until(rows + " === 50")
	p.click("#page-on")
	p.click("#page-on")
	p.sees("#page-range", "101–120 of 120")
	p.until(rows + " === 20 && document.querySelector('#page-on').disabled")
	p.click("[data-sort=name] button")
	p.until(first + ` === "quiz-0" && document.querySelector("[data-sort=name]").ariaSort === "ascending"`)
	p.press(kb.Enter) // the button has the focus
	p.until(first + ` === "quiz-119" && document.querySelector("[data-sort=name]").ariaSort === "descending"`)
	p.fill("#queue-filter", "QUIZ-11")
	p.until(rows + " === 11") // 11, 110 to 119
	p.sees("#filter-result", "11 queues found")
	p.fill("#queue-filter", "none")
	p.sees("#no-queue-found", "No queue")
}

// eventually waits for a condition outside the page.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(look) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
