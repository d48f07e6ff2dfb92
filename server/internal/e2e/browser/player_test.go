package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// ownQuestions returns a folder with the questionnaire colours, whose second choice is always right.
const ownQuestions = "testdata/questions"

// rounds is the number of its questions played after a match: all but those that came with the match.
const rounds = 3

// serveQuiz runs a server whose games wait only for players: a question is open until all have answered.
func serveQuiz(t *testing.T, env *matchqtest.Env, args ...string) *server {
	t.Helper()
	return serveWith(t, env, func(c *app.Config) {
		c.Game.Countdown, c.Game.Question, c.Game.Pause = 200*time.Millisecond, patience, 100*time.Millisecond
	}, append([]string{"--questions", ownQuestions, "--grace", patience.String()}, args...)...)
}

// player opens the quiz as a player with a name.
func (s *server) player(name string) *page {
	s.t.Helper()
	p := s.newPage()
	p.enter(name)
	return p
}

func (p *page) enter(name string) {
	p.t.Helper()
	p.open("/demo")
	p.until(`document.body.dataset.link === "open" && document.querySelector("#player-name")?.checkVisibility()`)
	p.fill("#player-name", name)
	p.press("\t")
}

// queue queues a player for colours.
func (p *page) queue() {
	p.t.Helper()
	p.queueFor("colours")
}

func (p *page) queueFor(set string) {
	p.t.Helper()
	p.click(`.set:has([value="` + set + `"])`)
	p.click("#play")
}

// opponents queues two players for colours and starts their game.
func opponents(a, b *page) {
	a.t.Helper()
	a.queue()
	a.see("#cancel")
	b.queue()
	for _, p := range []*page{a, b} {
		p.begin()
	}
}

// begin starts a game with a player's opponent, unless it has started by itself.
func (p *page) begin() {
	p.t.Helper()
	p.see(".match, .game")
	p.until(`document.body.dataset.link === "open"`) // else the button is disabled
	eval[bool](p, `document.querySelector("#start:enabled")?.click() || true`)
}

// asked waits until a question can be answered, and returns its text.
func (p *page) asked() string {
	p.t.Helper()
	p.see(".choice[aria-disabled=false]")
	return p.text("h1")
}

// playRound lets a answer right and b wrong, and checks both screens.
func playRound(a, b *page) {
	a.t.Helper()
	if one, other := a.asked(), b.asked(); one != other {
		a.t.Errorf("one is asked %q, the other %q", one, other)
	}
	a.press("2")
	a.see(".choice.mine")
	b.see(".board .answered:not(.mine)")
	a.watch()
	b.watch()
	b.click(".choice:nth-child(1)")
	a.saw(".choice.right.mine", ".verdict.good")
	b.saw(".choice.right:not(.mine)", ".choice.wrong.mine", ".verdict.bad")
	for _, p := range []*page{a, b} {
		p.gone(".choice.right")
	}
}

// scores returns the result on a page: a line for each player, with the name and the points.
func (p *page) scores() string {
	p.t.Helper()
	p.see(".final")
	p.until(`[...document.querySelectorAll(".final .points")].every((e) => e.textContent === e.dataset.points)`) // they count up
	return eval[string](p, `[...document.querySelectorAll(".final li")].map((e) =>
		e.querySelector(".name").firstChild.textContent + " " + e.querySelector(".points").textContent).join("\n")`)
}

// finish plays a game to its end; a wins.
func finish(a, b *page) {
	a.t.Helper()
	for range rounds {
		playRound(a, b)
	}
	a.sees(".outcome", "You won")
	b.sees(".outcome", "You lost")
	one, other := a.scores(), b.scores()
	if one != other || !strings.HasSuffix(one, "\nBo 0") || !strings.HasPrefix(one, "Ada ") || strings.HasPrefix(one, "Ada 0") {
		a.t.Errorf("one sees the scores\n%s\nand the other\n%s", one, other)
	}
}
