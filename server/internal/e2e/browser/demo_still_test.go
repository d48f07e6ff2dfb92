package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// watchShifts makes a page record where the parts of a question are, in each frame, and the shifts that the browser sees,
// until the next question.
const watchShifts = `(() => {
	const question = document.querySelector(".question"), text = question.textContent;
	let endedAt = Infinity;
	new MutationObserver(() => { if (question.textContent !== text) endedAt = Math.min(endedAt, performance.now()); })
		.observe(question, {childList: true, characterData: true, subtree: true});
	window.places = new Set(); window.shifts = [];
	window.observer?.disconnect();
	const nameOf = ({node}) => (node?.parentElement?.className ?? "") + " > " + (node?.className ?? node?.textContent);
	window.observer = new PerformanceObserver((list) => {
		for (const e of list.getEntries()) if (e.startTime < endedAt) shifts.push(e.value + " by " + e.sources.map(nameOf).join());
	});
	observer.observe({type: "layout-shift"});
	const frame = () => {
		if (question.textContent !== text) return;
		places.add([...document.querySelectorAll(".choice, .question, .foot")].map((e) => [e.offsetLeft, e.offsetTop, e.offsetHeight].join()).join(" "));
		requestAnimationFrame(frame);
	};
	frame();
	return true; })()`

// In a game nothing moves while a question is shown: not when the opponent answers, goes, or the answer comes. All choices
// are on the screen: on phones, upright and on their side, and on a desk at 200 %. Each question is read out.
func TestNothingMovesInAGame(t *testing.T) {
	t.Parallel()
	s := serveWith(t, matchqtest.Embedded(t), func(c *app.Config) {
		c.Game.Countdown, c.Game.Question, c.Game.Pause = 200*time.Millisecond, patience, 700*time.Millisecond
	}, "--grace", patience.String())
	a, b := s.player("Ada"), s.player("Bo")
	a.queueFor("history")
	a.see("#cancel")
	b.queueFor("history")
	a.begin()
	b.begin()
	for i, size := range []struct {
		width, height int64
		mobile        bool
	}{{360, 740, true}, {430, 900, true}, {844, 390, true}, {640, 400, false}} {
		a.asked()
		b.asked()
		a.viewport(size.width, size.height, size.mobile)
		a.arrived()
		question := a.text("h1")
		eval[bool](a, `new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 50)))`) // the new size is drawn
		eval[bool](a, watchShifts)
		if i == 0 {
			b.leave()
			a.sees(".game .warn", "Bo lost the connection")
			b.open("/demo")
			b.asked()
			a.gone(".game .warn")
		}
		b.click(".choice:nth-child(1)")
		a.see(".board .answered:not(.mine)")
		if below := eval[[]float64](a, `[...document.querySelectorAll(".choice")].map((e) => e.getBoundingClientRect().bottom - innerHeight).filter((y) => y > 0)`); len(below) > 0 {
			t.Errorf("%d×%d: choices below the fold: %v", size.width, size.height, below)
		}
		if news := eval[string](a, `document.querySelector(".game .news[role=status]")?.textContent ?? ""`); !strings.Contains(news, question) || !strings.Contains(news, fmt.Sprintf("Question %d of 7", i+1)) {
			t.Errorf("read out: %q, want the question %q", news, question)
		}
		a.watch()
		a.press("1")
		right := a.showed(".choice.right .text")
		if verdict := a.showed(".verdict"); !strings.Contains(verdict, "Right!") && !strings.Contains(verdict, right) {
			t.Errorf("the verdict %q does not say %q", verdict, right)
		}
		if i == 0 {
			a.accessible("body")
		}
		a.gone(".choice.right")
		places := eval[[]string](a, `[...places]`)
		if len(places) != 1 {
			t.Errorf("%d×%d: the question moved:\n%s", size.width, size.height, strings.Join(places, "\n"))
		}
		if shifts := eval[[]string](a, `shifts`); len(shifts) > 0 {
			t.Errorf("%d×%d: layout shifts %q", size.width, size.height, shifts)
		}
	}
}

// With reduced motion nothing turns, falls, sounds or shakes; without, a game has all that, and a victory looks like one.
// Games against the same opponent are a best of three, and each ends with its questions.
func TestEffectsOfAGame(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--interval", "1s")
	const stubs = `window.heard = 0; window.shaken = []; navigator.vibrate = (how) => shaken.push(how);
		AudioContext.prototype.createOscillator = ((create) => function () { heard++; return create.call(this); })(AudioContext.prototype.createOscillator);`
	a, b := s.newPage(), s.newPage()
	b.media("prefers-reduced-motion", "reduce")
	for _, p := range []*page{a, b} {
		p.before(stubs)
	}
	a.enter("Ada")
	b.enter("Bo")
	b.gone("#sound")
	b.queue()
	b.see(".ring")
	b.until(`document.getAnimations().every((e) => e.playState !== "running")`) // a spinner would never end
	a.queue()
	a.begin()
	b.begin()
	a.watch()
	for range rounds {
		playRound(a, b)
	}
	a.saw(".confetti i")
	a.until(`snapshots.some((seen) => seen.querySelector(".verdict")?.textContent.includes("3 in a row!"))`)
	a.until(`new Set(snapshots.map((seen) => seen.querySelector(".board .mine .points")?.textContent)).size > 4`) // they count up
	a.until(`snapshots.some((seen) => seen.querySelector(".choice.right .picks .avatar"))`)
	a.until(`snapshots.some((seen) => seen.querySelector(".choice:not(.mine):not(.right) .picks .avatar"))`) // and Bo's wrong pick
	b.see(".outcome")
	if got := eval[[]int](b, `[heard, shaken.length, document.querySelectorAll(".confetti, .emblem *").length]`); got[0]+got[1]+got[2] != 0 {
		t.Errorf("with reduced motion: sounds, shakes, confetti %v", got)
	}
	if got := eval[[]int](a, `[heard, shaken.length, document.querySelectorAll(".win .emblem .icon").length]`); got[0] == 0 || got[1] == 0 || got[2] == 0 {
		t.Errorf("sounds, shakes, emblem: %v", got)
	}
	a.click("#sound[aria-pressed=true]")
	a.see("#sound[aria-pressed=false]")
	quiet := eval[int](a, "heard")

	a.click(".recap summary")
	if got := a.text(".recap"); strings.Count(got, "right answer") != rounds || !strings.Contains(got, "you: ✓") || !strings.Contains(got, "Bo: ✗") {
		t.Errorf("the recap: %s", got)
	}
	a.accessible("body")
	a.sees(".series", "Best of three: 1 : 0")
	b.sees(".series", "Best of three: 0 : 1")
	a.sees("#challenge", "Next of three with Bo")
	b.click("#challenge")
	a.click(".invitation .accept")
	a.asked()
	b.asked()
	a.sure(".foot button")
	b.sees(".outcome", "You won")
	b.sees(".series", "Best of three: 1 : 1")
	a.sees(".series", "Best of three: 1 : 1")
	if now := eval[int](a, "heard"); now != quiet {
		t.Errorf("%d sounds while muted", now-quiet)
	}
}
