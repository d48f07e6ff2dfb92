package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// slow3G is a phone's network as page-speed tools have it: 400 ms until an answer begins, 400 kbit/s.
var slow3G = network.Conditions{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 50_000}

// figures are the cost of a first visit to a page.
type figures struct {
	Bytes, Requests int
	Shift           float64 // the sum of layout shifts
	Ready, Live     float64 // ms until the page can be used, and until it knows the state of the server

	Asked   float64 // ms until the page asks for that state
	Program float64 // ms until its program is here
	Charts  float64 // ms until it asks for the program that draws charts; 0 if it does not
}

// measure opens a page anew, on a network, and waits until two conditions hold. asks is the path by which it asks for the
// state of the server.
func (s *server) measure(path, ready, live, asks string, conditions *network.Conditions) figures {
	s.t.Helper()
	p := s.newPage()
	p.viewport(360, 740, true)
	if conditions != nil {
		call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}})
	}
	p.before(`window.shift = 0;
		new PerformanceObserver((list) => list.getEntries().forEach((e) => window.shift += e.value)).observe({type: "layout-shift", buffered: true});
		const note = (path) => { if (path === ` + quoted(asks) + `) window.askedAt ??= performance.now(); };
		for (const name of ["fetch", "EventSource"]) window[name] = new Proxy(window[name], {
			apply: (target, self, given) => { note(given[0]); return Reflect.apply(target, self, given); },
			construct: (target, given) => { note(given[0]); return Reflect.construct(target, given); },
		});
		(function look() {
			if (document.body && (` + ready + `)) window.readyAt ??= performance.now();
			if (document.body && (` + live + `)) window.liveAt ??= performance.now();
			if (!window.readyAt || !window.liveAt) requestAnimationFrame(look);
		})();`)
	p.open(path)
	p.until("window.readyAt && window.liveAt")
	if strings.HasSuffix(path, "/dashboard") {
		p.see(".plot canvas")
	}
	return eval[figures](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		const named = (pattern) => all.find(({name}) => pattern.test(name));
		done({bytes: all.reduce((sum, e) => sum + e.transferSize, 0), requests: all.length, shift, ready: readyAt, live: liveAt,
			asked: askedAt, program: named(/\/(start|demo|dashboard)\.js$/).responseEnd, charts: named(/uplot\.js$/)?.startTime ?? 0});
	})))`)
}

// TestFigures measures README's figures of a first visit: go test ./server/internal/e2e/browser -run Figures -v
func TestFigures(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	for _, page := range []struct {
		path, ready, live, asks string
		early                   bool // whether it asks before its program is here

		bytes, requests int     // at most
		shift           float64 // likewise
		slow            float64 // likewise, ms until it is live on slow 3G; a busy machine adds to it
	}{
		{"/", `document.querySelector("#status.ready")`, `document.querySelector("#status.ready")`, "readyz", false, 9_000, 7, 0, 5000},
		{"/demo", `document.querySelector("#play:enabled")?.checkVisibility()`, `document.body.dataset.link === "open"`, "v1/demo/guest", true, 42_000, 11, 0, 3700},
		{"/dashboard", `document.querySelector("#link-text")?.textContent === "live"`, `document.querySelector("[data-value=waiting]")?.textContent === "0"`, "v1/dashboard/events", true, 80_000, 12, 0, 3500},
	} {
		fast, slow := s.measure(page.path, page.ready, page.live, page.asks, nil), s.measure(page.path, page.ready, page.live, page.asks, &slow3G)
		for range 4 { // other work on the machine may disturb a measurement, but not all of them
			if slow.Live <= page.slow {
				break
			}
			slow = s.measure(page.path, page.ready, page.live, page.asks, &slow3G)
		}
		t.Logf("%s: %d bytes, %d requests, layout shift %.3f; ready after %.0f ms and live after %.0f ms, on slow 3G after %.0f and %.0f ms",
			page.path, fast.Bytes, fast.Requests, slow.Shift, fast.Ready, fast.Live, slow.Ready, slow.Live)
		if fast.Bytes > page.bytes || fast.Requests > page.requests {
			t.Errorf("%s takes more than %d bytes or %d requests", page.path, page.bytes, page.requests)
		}
		if slow.Live > page.slow {
			t.Errorf("%s is live after %.0f ms on slow 3G, want at most %.0f", page.path, slow.Live, page.slow)
		}
		if page.early && slow.Asked > slow.Program {
			t.Errorf("%s asks for %s after %.0f ms, and its program is here after %.0f", page.path, page.asks, slow.Asked, slow.Program)
		}
		if slow.Charts != 0 && slow.Charts < slow.Program {
			t.Errorf("%s asks for the charts before its program is here", page.path)
		}
		if max(fast.Shift, slow.Shift) > page.shift {
			t.Errorf("%s shifts by %.3f and, on slow 3G, by %.3f", page.path, fast.Shift, slow.Shift)
		}
	}
}
