package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A queue's row says by which rules it is matched where they differ from those for all queues; a paused queue has no next
// match; order and filter survive a reload.
func TestDashboardQueueRows(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	s := serve(t, env, "--interval", "1h")
	s.setRules("chess*", "ann", `{"interval":"2h","size":4,"ready_timeout":"10s","rules":[{"type":"distance","max":50}]}`)
	s.setRules("music", "ann", `{"interval":"1h"}`)
	s.queue("chess-1", "alice", "bob")
	s.queue("history", "carol", "dora")
	s.queue("music", "eve", "frank")
	p := s.newPage()
	p.open("/dashboard")
	p.live()
	cell := func(queue, column string) string {
		return `document.querySelector('tr[data-queue="` + queue + `"] [data-label="` + column + `"]').innerText`
	}
	p.see(`tr[data-queue="music"]`)
	p.sees(`tr[data-queue="chess-1"] .own-rules`, "chess* · every 2 h · 4 players · ready check 10 s · 1 rule")
	p.until(`document.querySelector('tr[data-queue="music"] .own-rules').innerText === "music"`) // they differ in nothing
	p.gone(`tr[data-queue="history"] .own-rules`)
	p.until(cell("chess-1", "Next tick") + ` === "needs 2 more"`)
	p.until(`/^in \d+/.test(` + cell("music", "Next tick") + `)`)
	p.see(`th.proposed`) // since chess* has a ready check
	p.sees(`[data-value="oldest-note"]`, "a tick every 1 h to 2 h")
	p.click(`tr[data-queue="music"] [data-action="pause"]`)
	p.sees(`tr[data-queue="music"]`, "paused")
	p.until(cell("music", "Next tick") + ` === "–"`)
	const clipped = `[...document.querySelectorAll("#queue-table tbody button")].filter((e) => { if (!e.checkVisibility()) return false;
		const r = e.getBoundingClientRect(), row = e.closest("tr").getBoundingClientRect(); return r.right > row.right + 0.5 || r.left < row.left; }).map((e) => e.textContent).join(" ")`
	const reachable = `(() => { const box = document.querySelector("#queue-box"); return box.scrollWidth <= box.clientWidth; })()`
	for _, width := range []int64{360, 641, 768, 1024, 1180, 1280, 1440, 1920} {
		p.viewport(width, 900, width == 360)
		if cut := eval[string](p, clipped); cut != "" {
			t.Errorf("at %d pixels cut off: %s", width, cut)
		}
		if width >= 1024 || width == 360 {
			if !eval[bool](p, reachable) {
				t.Errorf("at %d pixels the table scrolls sideways", width)
			}
		}
		if got := eval[float64](p, `document.querySelector('tr[data-queue="chess-1"] th').clientWidth`); got < 100 {
			t.Errorf("at %d pixels the names have %.0f", width, got)
		}
		p.noSidewaysScroll()
	}
	p.viewport(1280, 900, false)
	p.click("[data-sort=name] button")
	p.click("[data-sort=name] button")
	p.fill("#queue-filter", "s")
	first := `document.querySelector("#queue-table tbody tr")?.dataset.queue`
	p.until(first + ` === "music"`)
	p.fill("#queue-filter", "-1")
	p.reload()
	p.live()
	p.until(first + ` === "chess-1" && document.querySelector("#queue-filter").value === "-1" && document.querySelectorAll("#queue-table tbody tr").length === 1`)
	p.until(`document.querySelector("[data-sort=name]").ariaSort === "descending"`)
	p.click(`tr[data-queue="chess-1"] .own-rules a`)
	p.sees("#rules-title-of", "chess*")
	p.sees("#rules-facts", "Set by ann")
}

// The tables show which version of the rules made a match, and whose flags don't count.
func TestDashboardShowsVersionsAndWarnings(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	s := serve(t, env, "--interval", "1h")
	s.queue("history", "alice", "bob")
	p := s.dashboard()
	p.gone("#node-table .warning")
	s.setRules("*", "ann", `{"interval":"2h"}`)
	if _, err := s.matcher(env).Tick(t.Context(), "history"); err != nil {
		t.Fatal(err)
	}
	p.sees("#match-table .by-rules", "rules 2")
	p.sees("#node-table .warning", "started with interval for *, which don't count: ann has set other rules")
}
