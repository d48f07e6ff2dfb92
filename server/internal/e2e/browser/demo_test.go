package browser_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

func TestTwoPagesPlayAGame(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serveQuiz(t, env, "--interval", "1s")
		a, b := s.player("Ada"), s.player("Bo")
		a.queue()
		a.sees(".place", "You are number 1")
		a.sees("h1", "Looking for an opponent")
		a.watch()
		b.queue()
		a.sees(".versus", "Bo")
		b.sees(".versus", "Ada")
		a.begin()
		b.begin()
		a.saw(".match #start:disabled")
		finish(a, b)

		// The loser wants another round, and gets it.
		b.click("#challenge")
		b.see("#withdraw")
		a.sees(".invitation", "Bo challenges you")
		if text := a.text(".invitation"); strings.Contains(text, "gives up") {
			t.Errorf("the game is over, but: %s", text)
		}
		a.click(".invitation .accept")
		playRound(a, b)
		b.sure(".foot button")
		a.sees(".outcome", "You won")

		// They stop.
		a.click("#challenge")
		b.sees(".invitation", "Ada challenges you")
		b.click(".invitation .decline")
		a.sees("#notice", "Bo does not want to play again")
		b.gone(".invitation")

		// A challenge can be taken back.
		a.click("#challenge")
		b.see(".invitation")
		a.click("#withdraw")
		b.gone(".invitation")
		a.see("#challenge:enabled")
	})
}

func TestGiveUp(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	a, b := s.player("Ada"), s.player("Bo")
	opponents(a, b)
	playRound(a, b)
	a.asked()
	a.click(".foot button")
	a.sees(".foot button", "Really give up?")
	a.sure(".foot button")
	a.sees(".outcome", "You lost")
	a.sees(".result", "You gave up")
	b.sees(".outcome", "You won")
	b.sees(".result", "Ada gave up")
	b.click("#again")
	b.see("#cancel")
	a.click("#others")
	a.see("#play:enabled")
}

func TestCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serveQuiz(t, env)
		p := s.player("Ada")
		p.queue()
		p.click("#cancel")
		p.see("#play:enabled")
		if got := s.stats(); got.Cancelled != 1 || got.Waiting != 0 {
			t.Errorf("got %+v", got)
		}
		p.until(`document.activeElement.tagName === "H1"`) // where a screen reader continues
	})
}

// One person plays the page's bot, and then again.
func TestBot(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serveWith(t, env, func(c *app.Config) {
			c.Game.Countdown, c.Game.Question, c.Game.Pause = 100*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond
		}, "--questions", ownQuestions)
		p := s.player("Ada")
		eval[bool](p, `(document.querySelector("#bot-level").value = "hard", document.querySelector("#bot-level").dispatchEvent(new Event("change")))`)
		p.reload()
		p.see("#play-bot:enabled")
		p.until(`document.querySelector("#bot-level").value === "hard"`)
		p.click("#play-bot")
		p.sees(".versus", "Robo (bot)")
		p.begin()
		p.see(".board .answered:not(.mine), .final")
		p.sees(".final", "Robo (bot)")
		p.until(`JSON.parse(localStorage["matchq-bot-learned"]).length === ` + strconv.Itoa(rounds))
		eval[bool](p, `(localStorage["matchq-bot-learned"] = JSON.stringify(["blue", "green", "red", "white", "black", "yellow"].map((right, i) => ["colours/c" + (i + 1), right])), true)`)
		recalled := false
		for game := 0; game < 5 && !recalled; game++ { // on a busy machine it may answer too late
			p.click("#challenge")
			p.see(".game")
			p.sees(".final li:not(.mine)", " right of ")
			recalled = eval[bool](p, `(([, right, of]) => right === of && right > 0)(document.querySelector(".final li:not(.mine)").textContent.match(/(\d+) right of (\d+)/))`)
		}
		if !recalled {
			t.Error("the bot forgets answers that it has seen")
		}
		p.click("#others")
		s.settles(func(now stats) bool { return now.Waiting == 0 && now.Enqueued == 2 && now.Matches == 1 })
	})
}

// A player who called a bot and is matched with a person plays the person, and the bot leaves.
func TestBotMakesWay(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--interval", "2s")
	a, b := s.player("Ada"), s.player("Bo")
	b.expect("closed before the connection is established") // the bot may leave before it is there
	a.queue()
	a.see("#cancel")
	b.click(`.set:has([value="colours"])`)
	b.click("#play-bot")
	b.sees(".versus", "Ada")
	a.sees(".versus", "Bo")
	s.settles(func(now stats) bool { return now.Waiting == 0 && now.Matches == 1 && now.Enqueued == 2+now.Cancelled })
}

// stats is the answer of v1/stats.
type stats struct {
	Enqueued, Waiting, Cancelled, Matches int
}

func (s *server) stats() (got stats) {
	s.t.Helper()
	answer, err := http.Get(s.url + "/v1/stats")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		s.t.Fatal(err)
	}
	return got
}

// settles waits until the totals have these values.
func (s *server) settles(is func(stats) bool) {
	s.t.Helper()
	var got stats
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(look) {
		if got = s.stats(); is(got) {
			return
		}
	}
	s.t.Errorf("the totals stay %+v", got)
}

// must sends JSON, which the server must accept.
func (s *server) must(path, body string) {
	s.t.Helper()
	if status, text := s.post(path, body); status >= 300 {
		s.t.Fatalf("POST %s: %d %s", path, status, text)
	}
}
