package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/redistest"
)

// Every page fits on a phone and on a desk, light and dark, and below a path.
func TestEveryPageFits(t *testing.T) {
	t.Parallel()
	s := serve(t, redistest.Embedded(t), "--path-prefix", "/games/quiz")
	for _, path := range []string{"/", "/demo", "/dashboard"} {
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
