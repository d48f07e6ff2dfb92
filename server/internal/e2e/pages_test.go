package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Every page has all its files, below any path, and sends no request to another host.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/games/quiz"} {
		n := start(t, matchqtest.Embedded(t), "--path-prefix", prefix)
		for _, page := range []string{"/", "/demo", "/dashboard", "/api"} {
			got := n.want(200, n.call("GET", page, ""))
			if !strings.Contains(got.header.Get("Content-Security-Policy"), "script-src 'self';") {
				t.Errorf("%s has the policy %q", page, got.header.Get("Content-Security-Policy"))
			}
			named := regexp.MustCompile(`(?:src|href)="([^"#]*)"`).FindAllStringSubmatch(got.raw, -1)
			if len(named) == 0 {
				t.Errorf("%s names nothing", page)
			}
			for _, match := range named {
				if strings.Contains(match[1], ":") || strings.HasPrefix(match[1], "/") {
					t.Errorf("%s names %s, which is not relative to it", page, match[1])
					continue
				}
				n.want(200, n.call("GET", "/"+strings.TrimPrefix(match[1], "./"), ""))
			}
			tag := got.header.Get("ETag")
			for known, want := range map[string]int{tag: 304, `"old", ` + tag: 304, strings.TrimPrefix(tag, "W/"): 304, "*": 304, `"old"`: 200, "": 200} {
				if again := n.call("GET", page, "", "If-None-Match", known); again.status != want || want == 304 && again.raw != "" {
					t.Errorf("%s, with If-None-Match: %s, is answered with %d", page, known, again.status)
				}
			}
			if head := n.call("HEAD", page, ""); head.status != 200 || head.raw != "" {
				t.Errorf("HEAD %s is answered with %d", page, head.status)
			}
		}
		for _, nothing := range []string{"/assets/any/none.css", "/assets/any/..%2Fdemo.html", "/assets/", "/index.html"} {
			if got := n.call("GET", nothing, ""); got.status != 404 {
				t.Errorf("%s is answered with %d", nothing, got.status)
			}
		}
	}
}

// A page names all modules at once, under paths that never change what they answer, so that a second visit asks for the
// page alone.
func TestAssetsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--path-prefix", "/quiz")
	for _, page := range []string{"/", "/demo", "/dashboard", "/api"} {
		got := n.want(200, n.call("GET", page, ""))
		imported := map[string]bool{}
		for _, match := range regexp.MustCompile(`(?:src|href)="(assets/[^"]*)"`).FindAllStringSubmatch(got.raw, -1) {
			file := n.want(200, n.call("GET", "/"+match[1], ""))
			if caching := file.header.Get("Cache-Control"); !strings.Contains(caching, "immutable") {
				t.Errorf("%s has Cache-Control %q", match[1], caching)
			}
			for _, module := range regexp.MustCompile(`(?:import|from) ?['"]\./([^'"]+)['"]`).FindAllStringSubmatch(file.raw, -1) {
				imported[module[1]] = true
			}
		}
		for module := range imported {
			if !regexp.MustCompile(`<link rel="modulepreload" href="assets/[\w-]+/` + regexp.QuoteMeta(module) + `">`).MatchString(got.raw) {
				t.Errorf("%s does not name %s", page, module)
			}
		}
	}
	other := n.want(200, n.call("GET", "/assets/of-another-version/start.css", ""))
	if caching := other.header.Get("Cache-Control"); caching != "no-cache" {
		t.Errorf("a file of another version has Cache-Control %q", caching)
	}
}

// People who mistype a path get a page with the way back, programs get JSON.
func TestMissingPages(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--path-prefix", "/quiz")
	got := n.want(404, n.call("GET", "/nothing/here", "", "Accept", "text/html,*/*;q=0.8"))
	if !strings.Contains(got.raw, `<a href="/quiz/demo">`) || !strings.Contains(got.raw, `href="/quiz/assets/`) {
		t.Errorf("got %s", got.raw)
	}
	if got := n.want(404, n.call("GET", "/nothing/here", "")); !strings.Contains(got.raw, `"code":"not_found"`) {
		t.Errorf("a program gets %s", got.raw)
	}
	if got := n.want(404, n.call("GET", "/v1/nothing", "", "Accept", "text/html")); !strings.Contains(got.raw, `"code":"not_found"`) {
		t.Errorf("a call gets %s", got.raw)
	}
	for _, page := range []string{"/demo", "/dashboard", "/api"} { // the client follows redirects
		if got := n.want(200, n.call("GET", page+"/", "")); !strings.Contains(got.raw, "<html") {
			t.Errorf("%s/ is %s", page, got.raw)
		}
	}
}

// Without the slash after the prefix a browser still reaches the start page.
func TestPrefixAlone(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--path-prefix", "/quiz")
	if got := n.want(200, n.call("GET", "", "")); !strings.Contains(got.raw, "<html") {
		t.Errorf("got %s", got.raw)
	}
}
