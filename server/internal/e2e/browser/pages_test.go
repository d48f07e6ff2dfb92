package browser_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Every page fits on a phone and on a desk, light and dark, and below a path.
func TestEveryPageFits(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--path-prefix", "/games/quiz")
	for _, path := range []string{"/", "/demo", "/dashboard", "/api"} {
		p := s.open(path)
		p.see("h1")
		for _, scheme := range []string{"light", "dark"} {
			p.scheme(scheme)
			p.viewport(360, 740, true)
			p.noSidewaysScroll()
			p.viewport(1280, 800, false)
			p.noSidewaysScroll()
		}
	}
}

// The commands on the start page work in a shell, and make a match.
func TestStartPageCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--path-prefix", "/games/quiz")
	p := s.open("/")
	p.sees("#call-wait", s.url)
	calls := p.text("#call-queue") + "\n" + p.text("#call-wait")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", calls).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"state":"matched"`) {
		t.Errorf("%v: %s\n%s", err, calls, out)
	}
}

// The command that the dashboard of an empty server shows works as it stands, and does what the page says.
func TestEmptyDashboardCommand(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--path-prefix", "/games/quiz")
	p := s.dashboard()
	p.sees("#empty", "this queues three players: two are matched, and one waits")
	command := p.text("#curl")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
	if err != nil || strings.Count(string(out), `"state":"waiting"`) != 3 {
		t.Errorf("%v: %s\n%s", err, command, out)
	}
	p.gone("#empty")
	p.until(`document.querySelector("[data-audit=matched]").textContent === "2"`)
	p.tile("waiting", "1")
}

// Names and questions in another language than the page have a lang attribute.
func TestLanguageOfParts(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	p := s.player("빠른 수달")
	p.queueFor("korea")
	p.until(`document.querySelector(".set-title").lang === "ko"`)
	s.player("Ada").queueFor("korea")
	p.until(`[...document.querySelectorAll(".versus .name [lang]")].map((e) => e.textContent + e.lang).join() === "빠른 수달ko"`)
}
