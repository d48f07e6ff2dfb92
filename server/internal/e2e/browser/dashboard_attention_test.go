package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// finding waits until the strip names something that is wrong, with advice and a link. It may do so for a moment only.
func (p *page) finding(id, title, link string) {
	p.t.Helper()
	row := `[data-finding="` + id + `"]`
	p.until(`(window.found = ` + shows(row, title) + ` && [` + element(row+" a") + `.getAttribute("href"), ` + element(row+" span") + `.innerText.trim()])`)
	found := eval[[]string](p, "window.found")
	if found[0] != link {
		p.t.Errorf("%s links to %s, not to %s", id, found[0], link)
	}
	if len(found[1]) < 10 {
		p.t.Errorf("%s advises %q", id, found[1])
	}
}

// Eight things go wrong at once, and the strip names each; the title counts them. Once they are mended it is empty.
func TestEverythingThatNeedsAttentionIsNamed(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	t.Cleanup(receiver.Close)
	s := serve(t, env, "--webhook", receiver.URL+"/hook", "--webhook-secret", "a secret of the tests", "--webhook-events", "matched")
	p := s.newPage()
	p.before(`if (location.host) { localStorage.setItem("matchq.dashboard.limit.oldest", "1"); localStorage.setItem("matchq.dashboard.limit.expired", "2"); }`)
	p.open("/dashboard")
	p.live()
	p.sees("#attention", "Nothing needs attention")
	p.until(`document.title === "matchq dashboard"`)

	s.queue("closed", "alice")
	s.must("/v1/admin/queues/closed/pause", "")
	s.setRules("broken", "ann", `{"interval":"100ms","policy":"mine","source":"return function(tickets)\n return tickets[9].rating end"}`)
	s.queue("broken", "bob", "carol", "dora") // two of them are matched first come, first served, which the receiver does not like
	for i := range 2 {
		s.must("/v1/queues/short/tickets", fmt.Sprintf(`{"player":"short-%d","ttl_ms":100}`, i))
		matchqtest.Eventually(t, "it expires", func() bool {
			return env.Client.HGet(t.Context(), "{"+env.Namespace+"}:counters", "expired").Val() == fmt.Sprint(i+1)
		})
	}
	s.queue("lonely", "eve")
	s.setRules("*", "ann", `{"interval":"100ms","size":3}`)
	serve(t, env, "--match-size", "2") // its flag does not count
	p.finding("paused", "closed", "#queue/closed")
	p.finding("policy", "broken", "#queue/broken")
	p.finding("expiring", "short", "#queue/short")
	p.finding("starving", "lonely", "#queues") // dora waits, too
	p.sees(`[data-finding="node"]`, "don't count")
	p.finding("letters", "1 dead letter", "#webhooks")
	if err := env.Client.HIncrBy(t.Context(), "{"+env.Namespace+"}:counters", "enqueued", 1).Err(); err != nil {
		t.Fatal(err)
	}
	if err := env.Client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	p.finding("audit", "The audit does not add up", "#audit")
	p.finding("refuses", "its memory is full", "#redis")
	p.until(`document.title.startsWith("⚠ 8 · ")`)
	p.sees("#attention-count", "8 things need attention")
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		p.accessible("#attention")
		for _, width := range []int64{360, 768, 1280, 1920} {
			p.viewport(width, 900, width == 360)
			p.noSidewaysScroll()
		}
	}
	p.screenshot("attention")

	p.click(".limits summary")
	p.fill(`[data-limit="oldest"]`, "3600\t")
	p.gone(`[data-finding="starving"]`)
	p.sees("#attention-count", "7 things")
	if err := env.Client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	s.must("/v1/admin/queues/closed/resume", "")
	p.gone(`[data-finding="paused"]`)
	p.gone(`[data-finding="refuses"]`)
}

// A frozen Redis, and one that comes back empty, are told soon: the numbers are not shown as live meanwhile.
func TestAFrozenRedisIsNotLive(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serve(t, env, "--interval", "1h")
	s.queue("history", "alice")
	p := s.dashboard()
	p.tile("waiting", "1")
	p.expect("503|ERR_")
	env.Server.Stop()
	began := time.Now()
	p.until(`document.querySelector("#link-text").textContent !== "live"`)
	if took := time.Since(began); took > 8*time.Second { // 2 s on a quiet machine; without a check of its own it takes 9
		t.Errorf("a frozen Redis was live for %v", took)
	} else {
		t.Logf("a frozen Redis was live for %v", took)
	}
	p.finding("away", "Redis does not answer", "#redis")
	env.Server.Continue()
	p.live()
	env.Server.Kill()
	env.Server.Restart()
	p.finding("lost", "Redis was emptied or replaced at ", "#redis")
}

// The pages of a queue, of a match and of a node have addresses of their own, which a reload keeps.
func TestDashboardPages(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	s := serve(t, env, "--interval", "1h", "--namespace", "pages")
	recordPast(t, env, "pages", "history")
	s.setRules("his*", "ann", `{"interval":"100ms","rules":[{"type":"distance","max":50}]}`)
	for player, rating := range map[string]int{"alice": 10, "bob": 11, "carol": 900} {
		s.must("/v1/queues/history/tickets", fmt.Sprintf(`{"player":%q,"rating":%d}`, player, rating))
	}
	s.queue("other", "zoe")
	p := s.newPage()
	p.open("/dashboard?sort=name+down&find=o#queue/history")
	p.sees("#page-title", "Queue history")
	p.until(`document.title === "Queue history · matchq dashboard"`)
	p.gone("#queue-table")
	p.sees("#line-table", "carol")
	p.sees("#queue-matches", "alice")
	p.sees("#page-body .facts", "his*: every 100 ms")
	p.see("#page-body canvas")
	p.accessibleEverywhere("#content")
	p.reload()
	p.sees("#line-table", "carol")
	p.click("[data-chart=queue] summary")
	p.sees("[data-chart=queue] tbody", "40") // in a minute before the page was there
	p.sees("[data-chart=queue] tbody", "7")
	p.click(`#page-body .switch label:nth-of-type(1)`)
	p.until(`document.querySelectorAll("[data-chart=queue] tbody tr").length <= 16 && document.querySelector("[data-chart=queue] tbody").textContent.includes("40")`)

	p.click(`#line-table button`)
	p.click(`#line-table button`) // it asks first
	p.sees("#news", "The ticket of carol is cancelled")
	p.sees("#page-body", "Nobody waits in this queue")
	p.click(`#queue-matches a`)
	p.sees("#page-title", "Match ")
	p.sees("#player-table", "bob")
	p.accessibleEverywhere("#content")
	p.reload()
	p.sees("#player-table", "alice")
	p.click(`#page a[href="#queues"]`)
	p.until(`document.querySelector("#queue-table tbody tr")?.dataset.queue === "other" && document.querySelector("#queue-filter").value === "o"`)
	p.until(`document.querySelector("[data-sort=name]").ariaSort === "descending"`)
	p.fill("#queue-filter", "oth")
	p.until(`location.search.includes("find=oth")`)

	p.click("#node-table a")
	p.sees("#page-body", "answers you")
	p.accessibleEverywhere("#content")
	p.expect("404")
	eval[string](p, `location.hash = "#match/nothing"`)
	p.sees("#page-body", "Nothing is known of this match")
	eval[string](p, `location.hash = "#admin-log"`)
	p.fill("#operator-name", "ann\t")
	p.click(`tr[data-queue="other"] [data-action="pause"]`)
	p.sees("#admin-log-list", "ann paused queue other")
	p.sees("#admin-log-list", "on the server’s machine cancelled ticket ")
	p.sees("#admin-log-list", "set the rules of his*")
	p.accessibleEverywhere("#admin-log")
}

// Nothing of a queue's row is cut off at any width, in both languages, whether it is paused or its policy failed.
func TestRowsClipNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h", "--ready-timeout", "10s")
	s.queue("a-long-name-of-a-questionnaire", "alice", "bob", "carol")
	s.queue("closed", "dora")
	s.must("/v1/admin/queues/closed/pause", "")
	const cut = `(() => { const seen = document.querySelector("#queue-box").getBoundingClientRect();
		return [...document.querySelectorAll("#queue-table :is(td, th, button)")].filter((e) => {
			if (!e.checkVisibility()) return false;
			const at = e.getBoundingClientRect(), around = (e.tagName === "BUTTON" && e.closest("td") || document.querySelector("#queue-box")).getBoundingClientRect();
			const hides = e.tagName === "TD" || getComputedStyle(e).overflowX !== "visible";
			return hides && e.scrollWidth > e.clientWidth + 1 || at.right > around.right + 1 || at.left < around.left - 1 || at.right > seen.right + 1;
		}).map((e) => e.tagName + " " + e.innerText).join("; "); })()`
	for _, language := range []string{"en-US", "ko-KR"} {
		p := s.newPage()
		p.language(language)
		p.open("/dashboard")
		p.see(`tr[data-queue="closed"] [data-action="resume"]`)
		for _, width := range []int64{360, 640, 700, 1000, 1001, 1280, 1440, 1599, 1600, 1920} {
			p.viewport(width, 900, width == 360)
			if found := eval[string](p, cut); found != "" {
				t.Errorf("%s, %d wide: %s", language, width, found)
			}
			p.noSidewaysScroll()
		}
	}
}
