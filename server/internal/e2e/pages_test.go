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
		for _, page := range []string{"/", "/demo", "/dashboard"} {
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
			if again := n.call("GET", page, "", "If-None-Match", got.header.Get("ETag")); again.status != 304 || again.raw != "" {
				t.Errorf("%s, known already, is answered with %d", page, again.status)
			}
			if head := n.call("HEAD", page, ""); head.status != 200 || head.raw != "" {
				t.Errorf("HEAD %s is answered with %d", page, head.status)
			}
		}
		for _, nothing := range []string{"/assets/none.css", "/assets/..%2Fdemo.html", "/assets/", "/index.html"} {
			if got := n.call("GET", nothing, ""); got.status != 404 {
				t.Errorf("%s is answered with %d", nothing, got.status)
			}
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
