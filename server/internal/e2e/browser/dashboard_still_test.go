package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Nothing that the dashboard shows moves when the first numbers come, and when the page knows whether an operator looks.
func TestDashboardLoadsStill(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	s.queue("history", "ann")
	s.queue("science", "bob")
	p := s.newPage()
	p.before(`window.shifts = [];
		const nameOf = ({node, previousRect: a, currentRect: b}) => (node?.id || node?.className || node?.nodeName) + " " + [a.x, a.y, a.height] + " > " + [b.x, b.y, b.height];
		new PerformanceObserver((list) => list.getEntries().forEach((e) => shifts.push(e.value + ": " + e.sources.map(nameOf).join("; ")))).observe({type: "layout-shift", buffered: true});`)
	for _, width := range []int64{360, 1280, 1920} {
		p.viewport(width, 800, width == 360)
		p.open("/dashboard")
		p.see("#queue-table tbody tr")
		p.sees("#operator-state", "operator")
		p.drawn()
		if shifts := eval[[]string](p, `shifts`); len(shifts) > 0 {
			t.Errorf("%d wide: %q", width, shifts)
		}
	}
}
