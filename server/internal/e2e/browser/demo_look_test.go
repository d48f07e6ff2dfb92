package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// fits checks a screen on a phone and on a desk, light and dark.
func (p *page) fits() {
	p.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		p.viewport(360, 740, true)
		p.noSidewaysScroll()
		p.touchable()
		p.viewport(1280, 800, false)
		p.noSidewaysScroll()
	}
}

// touchable checks that controls are large enough for fingers.
func (p *page) touchable() {
	p.t.Helper()
	small := eval[string](p, `[...document.querySelectorAll("button, input:not([type=radio]), .button, header a, li a")].filter((e) =>
		e.checkVisibility() && (e.getBoundingClientRect().height < 43.9 || e.getBoundingClientRect().width < 43.9)).map((e) => e.outerHTML).join("\n")`)
	if small != "" {
		p.t.Errorf("too small to touch:\n%s", small)
	}
}

// inReach checks that controls can be pressed without scrolling: on small and large phones, also on their side.
func (p *page) inReach(selector string) {
	p.t.Helper()
	p.until(`[...document.querySelectorAll(` + quoted(selector) + `)].some((e) => e.checkVisibility())`)
	p.arrived()
	for _, size := range [][2]int64{{360, 640}, {390, 844}, {844, 390}} {
		p.viewport(size[0], size[1], true)
		eval[bool](p, `(scrollTo(0, 0), true)`)
		if out := eval[[]string](p, `[...document.querySelectorAll(`+quoted(selector)+`)].filter((e) => e.checkVisibility()).filter((e) => {
			const {x, y, width, height, bottom} = e.getBoundingClientRect();
			const hit = document.elementFromPoint(x + width / 2, y + height / 2);
			return bottom > innerHeight || !hit || !e.contains(hit) && !hit.contains(e);
		}).map((e) => (e.id || e.className) + " " + e.textContent)`); len(out) > 0 {
			p.t.Errorf("%d×%d: out of reach: %q", size[0], size[1], out)
		}
	}
	p.viewport(1280, 800, false)
}

// Every screen fits, with names of the maximum length.
func TestScreensFit(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	start := s.open("/")
	start.see(".status.ready")
	start.fits()
	a, b := s.player("Wwwwwwwwwwwwwwwwwwwwwwww"), s.player("아주아주아주아주아주 긴 이름입니다")
	a.fits()
	for _, language := range []string{"ko", "en"} {
		a.click("#languages [lang=" + language + "]")
		a.until(`document.documentElement.lang === "` + language + `"`)
		a.inReach(".home .actions :is(button, select)")
	}
	a.queue()
	a.see("#cancel")
	a.fits()
	a.inReach(".queue button")
	b.queue()
	a.see("#start")
	b.leave() // or the game would begin by itself sooner or later
	a.fits()
	a.inReach(".match button")
	b.open("/demo")
	a.begin()
	b.begin()
	a.asked()
	a.fits()
	a.press("1")
	a.see(".choice.mine")
	a.fits()
	b.asked()
	b.sure(".foot button")
	a.see("#challenge")
	a.fits()
	a.inReach(".result button")
	b.viewport(360, 640, true)
	b.arrived()
	const place = `document.querySelector("#challenge").getBoundingClientRect().top`
	before := eval[float64](b, place)
	b.click("#challenge")
	a.see(".invitation")
	a.fits()
	b.see("#withdraw")
	if after := eval[float64](b, place); after != before {
		t.Errorf("the button moved from %v to %v", before, after)
	}
	b.fits()
	b.inReach(".result button")
	b.click("#withdraw")
	b.gone("#withdraw")
	b.until(`document.activeElement.tagName === "H1"`) // the focus of a button that is gone
}

// The whole demo works with keys alone.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	a, b := s.player("Ada"), s.player("Bo")
	b.queue()
	b.see("#cancel")
	eval[bool](a, `document.querySelector(".set input").focus() || true`)
	a.press(" ")
	a.until(`document.querySelector("[value=colours]").checked`)
	for range 3 { // past the name, and the button for another name
		a.press(kb.Tab)
	}
	a.press(kb.Enter)
	a.see("#start")
	a.until(`document.activeElement.id === "start"`)
	a.press(kb.Enter)
	b.begin()
	a.asked()
	a.until(`document.activeElement.tagName === "H1"`) // the question
	a.press(kb.Tab)
	a.press(kb.Tab)
	a.press(kb.Enter)
	a.see(".choice.mine:nth-child(2)[aria-pressed=true]")
	a.see(".choice:nth-child(1)[aria-pressed=false][aria-disabled=true]")
	a.until(`document.activeElement.matches(".choice.mine")`) // the focus stays
	a.sees(".board .side:not(.mine)", "thinks")
	b.sees(".board .side.mine", "your turn")
}

// The README's pictures of the start page and the quiz.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := serveWith(t, matchqtest.Embedded(t), func(c *app.Config) {
		c.Game.Countdown, c.Game.Question, c.Game.Pause = 200*time.Millisecond, 15*time.Second, 200*time.Millisecond
	}, "--interval", "5s")
	for _, player := range []string{"ada", "bo", "cy"} {
		s.must("/v1/queues/science/tickets", `{"player":"`+player+`"}`)
	}
	start := s.open("/")
	start.viewport(1280, 760, false)
	start.see(".status.ready")
	start.sees("#waiting", "1")
	start.screenshot("start")

	a, b := s.player("Clever Otter"), s.player("Swift Crane")
	a.viewport(1000, 640, false)
	a.queueFor("history")
	a.see(".inside") // with seconds, or after the window without
	a.screenshot("demo-waiting")
	b.queueFor("history")
	for _, p := range []*page{a, b} {
		p.begin()
	}
	for round := range 3 {
		a.asked()
		b.asked()
		if round == 2 {
			break
		}
		a.click(".choice:nth-child(1)")
		b.click(".choice:nth-child(2)")
		a.gone(".choice.mine")
		b.gone(".choice.mine")
	}
	b.click(".choice:nth-child(2)")
	a.see(".board .answered:not(.mine)")
	a.until(`Number(document.querySelector(".time .left").textContent) < 14`) // the bar has begun to run out
	a.screenshot("demo-question")
}
