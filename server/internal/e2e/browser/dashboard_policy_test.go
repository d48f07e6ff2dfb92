package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A queue whose policy failed is marked, in the table and by HTTP, until another one is set.
func TestAFailedPolicyIsMarked(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--interval", "100ms")
	s.setRules("*", "ann", `{"interval":"100ms","policy":"mine","source":"return function(tickets)\n return tickets[9].rating end"}`)
	for _, player := range []string{"ada", "bo", "cy"} {
		s.must("/v1/queues/colours/tickets", `{"player":"`+player+`"}`)
	}
	p := s.dashboard()
	p.sees(`tr[data-queue="colours"] .badge`, "policy failed")
	p.see(`tr[data-queue="colours"] .badge[title*="first come, first served"]`)
	const beyond = `(() => { const b = document.querySelector(".badge").getBoundingClientRect(), c = document.querySelector(".badge").closest("td").getBoundingClientRect();
		return b.left < c.left || b.right > c.right; })()`
	if eval[bool](p, beyond) {
		t.Error("the mark is wider than its column")
	}
	s.setRules("*", "ann", `{"interval":"100ms","policy":"mine","source":"return function() return {} end"}`)
	p.sees(`tr[data-queue="colours"] .badge`, "open")
}
