package browser_test

import (
	"flag"
	"os"
	"strings"
	"sync"
)

var everyPair = flag.Bool("every-pair", false, "check pages with axe-core in each theme at each width")

// axeSource is axe-core, which finds faults that keep people with disabilities from a page.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile("../testdata/clients/node_modules/axe-core/axe.min.js")
	return string(source), err
})

// accessible checks a page, or a part of it, as it is shown now.
func (p *page) accessible(part string) {
	p.t.Helper()
	source, err := axeSource()
	switch {
	case err != nil && os.Getenv("MATCHQ_REQUIRE_BROWSER") == "1":
		p.t.Fatalf("%v: npm ci --prefix server/internal/e2e/testdata/clients", err)
	case err != nil:
		p.t.Logf("not checked with axe-core: %v: npm ci --prefix server/internal/e2e/testdata/clients", err)
		return
	}
	if !eval[bool](p, "window.axe !== undefined") {
		eval[bool](p, source+"; true")
	}
	eval[bool](p, `Promise.allSettled(document.getAnimations().filter((a) => a.playState === "running" && a.effect.getComputedTiming().endTime < 2000).map((a) => a.finished)).then(() => true)`) // a part that fades in has less contrast
	found := eval[[]string](p, `axe.run(`+quoted(part)+`, {resultTypes: ["violations"]}).then(({violations}) =>
		violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " " + (n.any[0]?.message ?? "")).join(" | ")))`)
	if len(found) > 0 {
		p.t.Errorf("axe-core finds:\n%s", strings.Join(found, "\n"))
	}
}

// accessibleEverywhere checks a part on a phone and on a wide screen, light and dark, and leaves a desk's window. Contrast
// depends on the theme and layout on the width, so two pairs have all of both; -every-pair checks all four.
func (p *page) accessibleEverywhere(part string) {
	p.t.Helper()
	for _, look := range []struct {
		width  int64
		scheme string
		rare   bool
	}{{360, "light", false}, {1920, "dark", false}, {1920, "light", true}, {360, "dark", true}} {
		if look.rare && !*everyPair {
			continue
		}
		p.scheme(look.scheme)
		p.viewport(look.width, 900, look.width == 360)
		p.accessible(part)
	}
	p.viewport(1280, 800, false)
}
