package browser_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// linkOf opens the dialog for a friend and returns the path of its link.
func (p *page) linkOf(button string) string {
	p.t.Helper()
	p.click(button)
	link := p.text("#invite-link")
	p.until(`document.querySelector("#invite .code").width !== 300`) // it is drawn
	path, found := strings.CutPrefix(link, p.base)
	if !found || !strings.Contains(path, "/demo#join=guest-") {
		p.t.Fatalf("the link %q", link)
	}
	return path
}

// A friend who opens a link plays with the player of the link. That player need not be there at once, and may wait in a queue.
func TestInviteAFriend(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--interval", "24h")
	a := s.player("Ada & Co")
	a.click(`.set:has([value="colours"])`)
	path := a.linkOf("#invite-friend")
	// The corner of a QR code: a dark square in a light one in a dark one.
	if got := eval[string](a, `Array.from(document.querySelector("#invite .code").getContext("2d").getImageData(0, 7, 15, 1).data)
		.filter((_, i) => i % 4 === 0).map((red) => (red ? "." : "#")).join("")`); !strings.HasPrefix(got, "....#.###.#.") {
		t.Errorf("a row of the code: %s", got)
	}
	a.accessible("body")
	a.leave()

	b := s.open(path)
	b.sees("h1", "Ada & Co invites you to a quiz")
	b.sees("[role=status].muted", "Ada & Co is not here at the moment")
	b.accessible("body")
	if hash := eval[string](b, "location.hash"); hash != "" {
		t.Errorf("a reload would invite again: %s", hash)
	}
	a.open("/demo")
	a.sees(".board", "Your friend")
	b.sees(".board", "Ada & Co")
	if one, other := a.asked(), b.asked(); one != other || !strings.Contains(one, "colour") {
		t.Errorf("one is asked %q, the other %q", one, other)
	}
	a.sure(".foot button")
	a.click("#others")
	a.queueFor("numbers")
	path = a.linkOf("#invite-waiting")
	a.click("#invite-close")
	if link, err := url.Parse(path); err != nil || !strings.Contains(link.Fragment, "set=numbers") {
		t.Errorf("the link %q does not name the quiz", path)
	}
	a.leave()    // else the browser would not load the page again
	a.open(path) // one's own link starts nothing
	a.sees("#notice", "This is your own link")
	a.see("#cancel")
	b.leave()
	b.open(path)
	b.asked()
	a.asked()
	s.settles(func(now stats) bool { return now.Waiting == 0 && now.Cancelled == 1 && now.Matches == 0 })
}

// Two players who accepted a match need no other click; the page tells of it if it is in the background.
func TestReadyAndHidden(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--ready-timeout", patience.String())
	a, b := s.newPage(), s.player("Bo")
	a.before(`window.messages = []; window.Notification = class { static permission = "default";
		static requestPermission() { Notification.permission = "granted"; return Promise.resolve("granted"); }
		constructor(title) { messages.push(title); } };`)
	a.enter("Ada")
	a.queue()
	a.click("#notify")
	a.see("#notify:disabled")
	eval[bool](a, `Object.defineProperty(document, "hidden", {get: () => true}) && true`)
	b.queue()
	a.until(`messages.join() === "There is a match"`)
	eval[bool](a, `delete document.hidden`)
	a.see(".proposed .bar")
	a.accessible("body")
	a.watch() // the players see each other for a moment
	for _, p := range []*page{a, b} {
		p.click("#accept")
	}
	a.said(".match", "Starts by itself")
	a.asked()
	if eval[bool](a, `snapshots.some((seen) => seen.querySelector("#start:not([hidden])"))`) {
		t.Error("a player who has accepted is asked to start")
	}
	b.asked()
}
