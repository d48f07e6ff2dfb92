package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// heldGuest keeps the server's answer about the first guest back until the page calls release.
const heldGuest = `(() => { const {fetch} = window;
	let first = new Promise((done) => { window.release = done; });
	window.fetch = async (path, ...more) => {
		if (path !== "v1/demo/guest" || !first) return fetch(path, ...more);
		const fate = await first;
		first = null;
		return fate === "broken" ? Promise.reject(new TypeError("the line broke")) : fetch(path, ...more);
	}; })()`

// Play can be pressed before the page is connected. The player is queued as soon as it is.
func TestPlayBeforeTheConnection(t *testing.T) {
	t.Parallel()
	p := serveQuiz(t, matchqtest.Embedded(t)).newPage()
	p.before(heldGuest)
	p.open("/demo")
	p.queue()
	p.see("#play:disabled")
	eval[bool](p, `release() || true`)
	p.see("#cancel")
}

// A press is forgotten if the page can't connect: nobody is queued minutes later.
func TestPlayWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	p := s.newPage()
	p.before(heldGuest)
	p.open("/demo")
	p.queue()
	p.see("#play:disabled")
	eval[bool](p, `release("broken") || true`)
	p.until(`document.body.dataset.link !== "connecting"`) // it tries again by itself
	p.until(`document.body.dataset.link === "open"`)
	p.see("#play:enabled")
}
