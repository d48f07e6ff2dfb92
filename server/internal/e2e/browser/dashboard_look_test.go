package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// The rules fit each screen in both themes, and people who can't see or use a mouse can work with them.
func TestDashboardRulesForEverybody(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	s.setRules("chess*", "ann", `{"size":4,"rules":[{"type":"distance","max":50}]}`)
	s.setRules("chess*", "bob", `{"size":4,"ready_timeout":"10s","rules":[{"type":"distance","max":70}]}`)
	s.queue("chess-1", "alice")
	p := s.newPage()
	p.expect("422")
	p.open("/dashboard#rules/chess*")
	p.sees("#rules-title-of", "chess*")
	p.sees("#rules-queues", "1 live queue: chess-1")
	p.click("#rules-log summary")
	p.sees("#rules-log", "+       \"max\": 70")

	// By keyboard only: from the heading to the text, change it, and to the dialog.
	eval[bool](p, `(document.querySelector("#rules-title-of").focus(), true)`)
	p.press(kb.Tab) // Close
	p.press(kb.Tab)
	p.until(`document.activeElement.id === "rules-json"`)
	p.press(kb.Backspace) // the last brace
	p.sees("#rules-check", "the JSON ends too early")
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		p.accessibleEverywhere("#rules")
		p.screenshot("rules-wrong-" + scheme)
	}
	p.press(" }\t")
	p.sees("#rules-check", "Right, and the same as now")
	p.replaces(`"max": 70`, `"max": 90`)
	p.sees("#rules-diff", "+       \"max\": 90")
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		p.accessible("#content")
		for _, width := range []int64{360, 768, 1280, 1920} {
			p.viewport(width, 1000, width == 360)
			p.noSidewaysScroll()
			eval[bool](p, `(document.querySelector("#rules").scrollIntoView(), true)`)
			p.screenshot(fmt.Sprintf("rules-%d-%s", width, scheme))
		}
	}
	p.viewport(1280, 800, false)
	eval[bool](p, `(document.querySelector("#rules-check").scrollIntoView({block: "center"}), document.querySelector("#rules-json").focus(), true)`)
	for range 12 { // past the Lua and the difference
		if eval[bool](p, `document.activeElement.id === "rules-save"`) {
			break
		}
		p.press(kb.Tab)
	}
	p.press(kb.Enter)
	p.see("#rules-dialog")
	p.until(`document.querySelector("#rules-dialog").contains(document.activeElement)`)
	p.accessible("#rules-dialog")
	p.screenshot("rules-dialog")
	p.press(kb.Escape)
	p.gone("#rules-dialog")
	p.until(`document.activeElement.id === "rules-save"`)
	p.press(kb.Tab)
	p.press(kb.Enter) // Discard
	p.gone("#rules-diff")
}
