package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// The actions of a person at a page: look, point, type.

// look is the interval at which conditions are checked.
const look = 20 * time.Millisecond

// until waits until a JavaScript expression is true, also across a reload of the page.
func (p *page) until(condition string) {
	p.t.Helper()
	var last error
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-ticker.C {
		var is bool
		if is, last = tryEval[bool](p, "Boolean("+condition+")"); is {
			return
		}
		if errors.Is(last, context.Canceled) {
			break
		}
	}
	shown, _ := tryEval[string](p, "document.body.innerText")
	p.t.Fatalf("not in time: %s (%v)\nthe page shows:\n%s", condition, last, shown)
}

// see waits until an element is visible.
func (p *page) see(selector string) {
	p.t.Helper()
	p.until(element(selector) + "?.checkVisibility()")
}

// arrived waits until a screen of the demo has come in: until then its parts move.
func (p *page) arrived() {
	p.t.Helper()
	p.until(`document.getAnimations().every((e) => e.animationName !== "come")`)
}

// sees waits until an element is visible and contains a text.
func (p *page) sees(selector, text string) {
	p.t.Helper()
	p.until(shows(selector, text))
}

func shows(selector, text string) string {
	return fmt.Sprintf("%[1]s?.checkVisibility() && %[1]s.innerText.includes(%[2]s)", element(selector), quoted(text))
}

// whoSees waits until one of two pages shows a text, and returns that one first.
func whoSees(a, b *page, selector, text string) (one, other *page) {
	a.t.Helper()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-ticker.C {
		for _, pages := range [][2]*page{{a, b}, {b, a}} {
			if is, _ := tryEval[bool](pages[0], "Boolean("+shows(selector, text)+")"); is {
				return pages[0], pages[1]
			}
		}
	}
	a.t.Fatalf("neither page shows %q", text)
	return nil, nil
}

// gone waits until no such element is visible.
func (p *page) gone(selector string) {
	p.t.Helper()
	p.until("!" + element(selector) + "?.checkVisibility()")
}

// watch starts to record which elements appear, for saw: some vanish faster than polling can see.
func (p *page) watch() {
	p.t.Helper()
	eval[bool](p, `(() => { window.snapshots = [];
		const keep = () => snapshots.push(document.body.cloneNode(true));
		new MutationObserver(keep).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
		return true; })()`)
}

// saw waits until elements have been there at the same time since watch.
func (p *page) saw(selectors ...string) {
	p.t.Helper()
	list, err := json.Marshal(selectors)
	if err != nil {
		p.t.Fatal(err)
	}
	p.until("snapshots.some((seen) => " + string(list) + ".every((selector) => seen.querySelector(selector)))")
}

// said waits until an element has had a text since watch.
func (p *page) said(selector, text string) {
	p.t.Helper()
	p.until("snapshots.some((seen) => seen.querySelector(" + quoted(selector+":not([hidden])") + ")?.textContent.includes(" + quoted(text) + "))")
}

// showed waits until an element has had a text since watch, and returns the first one.
func (p *page) showed(selector string) string {
	p.t.Helper()
	texts := "snapshots.map((seen) => seen.querySelector(" + quoted(selector) + ")?.textContent.trim()).find(Boolean)"
	p.until(texts)
	return eval[string](p, texts)
}

// text waits for an element and returns its text.
func (p *page) text(selector string) string {
	p.t.Helper()
	p.see(selector)
	return strings.TrimSpace(eval[string](p, element(selector)+".innerText"))
}

// click waits until an element is there, enabled and not covered, and clicks it with the mouse; again if it has moved away
// under the mouse.
func (p *page) click(selector string) {
	p.t.Helper()
	for range 10 {
		at := p.placeOf(selector)
		_, _ = tryEval[bool](p, `(() => { const press = window.press = {missed: true};
			addEventListener("click", ({target}) => { const e = `+element(selector)+`; press.missed &&= !`+lands("target")+`; }, {capture: true});
			return true; })()`)
		p.do("click "+selector, chromedp.MouseClickXY(at[0], at[1]))
		if missed, _ := tryEval[bool](p, "window.press?.missed === true"); !missed { // a page that follows knows nothing of it
			return
		}
	}
	p.t.Fatalf("%s does not stand still", selector)
}

// sure presses a button that asks whether one is sure, and confirms it: again if that took so long that it asks no more.
func (p *page) sure(button string) {
	p.t.Helper()
	p.see(button)
	p.until("(() => { const e = " + element(button) + `, sure = e?.matches(".danger"); e?.click(); return sure; })()`)
}

// lands says whether a click on the target is one on e: inside it, or on its label. One that the mouse began on e and ended
// elsewhere goes to the element that holds both.
func lands(target string) string {
	return "(e?.contains(" + target + ") || Boolean(e) && " + target + `.closest("label")?.control === e)`
}

// placeOf waits until an element can be clicked and stands still, and returns its middle.
func (p *page) placeOf(selector string) []float64 {
	p.t.Helper()
	place := "(() => { const e = " + element(selector) + `;
		if (!e || e.disabled || !e.checkVisibility()) return null;
		e.scrollIntoView({block: "nearest", behavior: "instant"});
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		const hit = document.elementFromPoint(x, y);
		return hit && ` + lands("hit") + ` ? [x, y] : null; })()`
	at := []float64{-1, -1}
	for still := false; !still; { // a click on a moving element would miss it
		p.until(place)
		before := at
		if at = eval[[]float64](p, place); len(at) != 2 {
			at = []float64{-1, -1}
		}
		still = at[0] >= 0 && slices.Equal(at, before)
	}
	return at
}

// fill replaces the text of an input by typing.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.click(selector)
	eval[bool](p, element(selector)+".select() || true")
	p.do("type into "+selector, chromedp.KeyEvent(text))
}

// press presses keys, such as "1" or kb.Tab.
func (p *page) press(keys string) {
	p.t.Helper()
	p.do("press "+keys, chromedp.KeyEvent(keys))
}
