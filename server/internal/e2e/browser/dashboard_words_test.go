package browser_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// koreanSources opens a page whose scripts can import the sources of the pages, in Korean.
func koreanSources(t *testing.T) *page {
	t.Helper()
	p := sources(t)
	eval[bool](p, `(localStorage.setItem("matchq-language", "ko"), true)`)
	return p
}

// The server's English sentences about a Redis that refuses, and about an audit that does not add up, have Korean words.
func TestSentencesOfTheServerInKorean(t *testing.T) {
	t.Parallel()
	p := koreanSources(t)
	const module = `import("./assets/dashboard-ko-server.js")`
	for _, code := range found(t, "../../base/wire/refusal.go", `(?m)^\t\{"([A-Z]+)", "`) {
		if got := eval[string](p, module+`.then(({refusal}) => refusal(`+quoted(code)+`))`); got == eval[string](p, module+`.then(({refusal}) => refusal("?"))`) {
			t.Errorf("%s has no Korean", code)
		}
	}
	problems := []string{"more tickets ended than were enqueued: -1 wait, 0 are proposed"}
	for _, sum := range found(t, "../../../../matchq/stats.go", `a\.expect\("([^"]+)"`) {
		problems = append(problems, sum+": 12, expected 13")
	}
	for _, problem := range problems {
		if got := eval[string](p, module+`.then(({problem}) => problem(`+quoted(problem)+`))`); regexp.MustCompile(`[a-z]{2}`).MatchString(got) {
			t.Errorf("%q is %q", problem, got)
		}
	}
}

// found returns what a pattern captures in a file; the test fails if that is nothing.
func found(t *testing.T, file, pattern string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		all = append(all, match[1])
	}
	if len(all) < 3 {
		t.Fatalf("%s has %q only", file, all)
	}
	return all
}

// Durations of rules are in the language of the page, and whole hours have no minutes. An operator without a name is described
// in words.
func TestRulesInKorean(t *testing.T) {
	t.Parallel()
	p := koreanSources(t)
	for interval, want := range map[string]string{"1h": "1시간마다", "1h0m0s": "1시간마다", "2m": "2분마다", "1m30s": "1분 30초마다", "2s": "2초마다", "250ms": "250ms마다", "0s": "즉시"} {
		if got := eval[string](p, `import("./assets/dashboard-ruleswords.js").then(({fromDocument}) =>
			fromDocument({interval: `+quoted(interval)+`, size: 2, ready_timeout: "0s", policy: "fifo", rules: []}).interval)`); got != want {
			t.Errorf("%s: %q, want %q", interval, got, want)
		}
	}
	for by, want := range map[string]string{"은지": "은지", "loopback": "서버 컴퓨터에서"} {
		if got := eval[string](p, `import("./assets/dashboard-ruleswords.js").then(({nameOf}) => nameOf(`+quoted(by)+`))`); got != want {
			t.Errorf("%s: %q, want %q", by, got, want)
		}
	}
}

// While Redis is away no node is called late: none can renew its lease. A server that is away is named first.
func TestFindingsHaveOneCause(t *testing.T) {
	t.Parallel()
	p := sources(t)
	for _, one := range []struct{ store, want string }{
		{`{link: {state: "live"}, redis: {up: false}, arrivedAt: Date.now()}`, "away"},
		{`{link: {state: "live"}, redis: {up: true}, arrivedAt: Date.now()}`, "late a"},
		{`{link: {state: "reconnecting"}, redis: {up: true}, arrivedAt: Date.now()}`, ""}, // a moment is no news
		{`{link: {state: "reconnecting"}, redis: {up: false}, arrivedAt: Date.now() - 5000}`, "silent,away"},
		{`{link: {state: "hidden"}, redis: {up: true}, arrivedAt: Date.now() - 5000}`, ""},
	} {
		got := eval[string](p, `import("./assets/dashboard-attention.js").then(({findings}) => findings({
			audit: null, queues: new Map(), rules: {patterns: []}, webhooks: [], expired: [], nodes: [{id: "a", lease_ends_at: 1}], now: 2, ...`+one.store+`
		}).map(({id}) => id).join())`)
		if got != one.want {
			t.Errorf("%s: %q, want %q", one.store, got, one.want)
		}
	}
}

// On a phone the page of a queue begins on the first screen, whatever needs attention.
func TestPageOfAQueueOnAPhone(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	for _, queue := range []string{"history", "music", "science"} {
		s.queue(queue, "of-"+queue)
		s.must("/v1/admin/queues/"+queue+"/pause", "")
	}
	p := s.newPage()
	p.viewport(360, 640, true)
	p.open("/dashboard#queue/history")
	p.sees("#line-table", "of-history")
	p.sees("#attention-count", "1 thing needs attention")
	if top := eval[float64](p, `document.querySelector("#page-title").getBoundingClientRect().top`); top > 320 {
		t.Errorf("the page begins at %v of 640", top)
	}
	if head := eval[float64](p, `document.querySelector(".head").offsetHeight`); head > 110 {
		t.Errorf("the head takes %v of 640", head)
	}
	p.noSidewaysScroll()
}
