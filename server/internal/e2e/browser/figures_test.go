package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// slow3G is a phone's network as page-speed tools have it: 400 ms until an answer begins, 400 kbit/s.
var slow3G = network.Conditions{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 50_000}

// figures are what a first visit to a page costs.
type figures struct {
	Bytes, Requests int
	Shift           float64 // the sum of layout shifts
	Ready           float64 // ms until the page can be used
}

// measure opens a page anew, on a network, and waits until a condition holds.
func (s *server) measure(path, ready string, conditions *network.Conditions) figures {
	s.t.Helper()
	p := s.newPage()
	p.viewport(360, 740, true)
	if conditions != nil {
		call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}})
	}
	p.before(`window.shift = 0;
		new PerformanceObserver((list) => list.getEntries().forEach((e) => window.shift += e.value)).observe({type: "layout-shift", buffered: true});
		(function look() { if (document.body && (` + ready + `)) window.readyAt ??= performance.now(); else requestAnimationFrame(look); })();`)
	p.open(path)
	p.until("window.readyAt")
	return eval[figures](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		done({bytes: all.reduce((sum, e) => sum + e.transferSize, 0), requests: all.length, shift, ready: readyAt});
	})))`)
}

// TestFigures measures what README says of a first visit: go test ./server/internal/e2e/browser -run Figures -v
func TestFigures(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	for _, page := range []struct {
		path, ready     string
		bytes, requests int     // at most
		shift           float64 // likewise
		slow            float64 // likewise, ms until it is ready on slow 3G; a busy machine adds up to 1.5 s
	}{
		{"/", `document.querySelector("#status.ready")`, 9_000, 7, 0, 5000},
		{"/demo", `document.querySelector("#play:enabled")?.checkVisibility()`, 42_000, 10, 0, 3000},
		{"/dashboard", `document.querySelector("#link-text")?.textContent === "live"`, 80_000, 12, 0, 5000},
	} {
		fast, slow := s.measure(page.path, page.ready, nil), s.measure(page.path, page.ready, &slow3G)
		t.Logf("%s: %d bytes, %d requests, layout shift %.3f, ready after %.0f ms, on slow 3G after %.0f ms", page.path, fast.Bytes, fast.Requests, slow.Shift, fast.Ready, slow.Ready)
		if fast.Bytes > page.bytes || fast.Requests > page.requests {
			t.Errorf("%s takes more than %d bytes or %d requests", page.path, page.bytes, page.requests)
		}
		if slow.Ready > page.slow {
			t.Errorf("%s is ready after %.0f ms on slow 3G, want at most %.0f", page.path, slow.Ready, page.slow)
		}
		if max(fast.Shift, slow.Shift) > page.shift {
			t.Errorf("%s shifts by %.3f and, on slow 3G, by %.3f", page.path, fast.Shift, slow.Shift)
		}
	}
}
