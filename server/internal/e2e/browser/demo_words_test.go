package browser_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Failures are explained in words, with a way out.

func TestExpiredTicket(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--ticket-ttl", "700ms")
	p := s.player("Ada")
	p.queue()
	p.sees("#notice", "Nobody came in time")
	p.see("#play:enabled")
	p.click("#dismiss")
	p.gone("#notice")
}

func TestPausedQueue(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	s.must("/v1/admin/queues/colours/pause", "")
	p := s.player("Ada")
	p.sees(`.set:has([value="colours"])`, "paused")
	p.queue()
	p.sees("#notice", "paused by an operator")
	s.must("/v1/admin/queues/colours/resume", "")
	p.queue()
	p.see("#cancel")
	s.must("/v1/admin/queues/colours/pause", "")
	p.sees(".queue .warn", "You keep your place")
	s.must("/v1/admin/queues/colours/drain", "")
	p.sees("#notice", "An operator emptied the queue")
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--rate-limit", "1/m")
	p := s.player("Ada")
	p.queue()
	p.click("#cancel")
	p.queue()
	p.sees("#notice", "That was too often")
	p.see("#notice .count:not(:empty)") // the remaining time
	p.see("#play:enabled")
}

func TestGuestsOfAnAddress(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--rate-limit", "9/m", "--rate-limit-address", "1/m")
	s.player("Ada")
	p := s.newPage()
	p.expect("429")
	p.open("/demo")
	p.sees("#link", "Too many guests come from your address")
}

// While the REST API of questions is down the game waits for it.
func TestQuestionsAway(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !works.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(`{"questions":[{"id":"q","text":"Which?","choices":["this","that"],"answer":1}]}`))
	}))
	t.Cleanup(service.Close)
	s := serveQuiz(t, matchqtest.Embedded(t), "--questions", service.URL)
	a, b := s.player("Ada"), s.player("Bo")
	for _, p := range []*page{a, b} {
		p.fill("#set-name", "history of chess")
		p.click("#play")
	}
	for _, p := range []*page{a, b} {
		p.begin()
	}
	whoSees(a, b, ".match", "There are no questions at the moment") // the player who was ready last asks for them
	works.Store(true)
	if a.asked() != "Which?" || b.asked() != "Which?" {
		t.Error("the game has other questions")
	}
}

// Players can't play an unknown questionnaire; they can choose another one.
func TestUnknownQuestionnaire(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(service.Close)
	s := serveQuiz(t, matchqtest.Embedded(t), "--questions", service.URL)
	a, b := s.player("Ada"), s.player("Bo")
	for _, p := range []*page{a, b} {
		p.fill("#set-name", "nothing")
		p.click("#play")
	}
	a.begin()
	b.begin()
	last, first := whoSees(a, b, ".match", "There are no questions for this") // the player who was ready last
	last.sure(".match .quiet")
	last.click("#others")
	last.see("#play:enabled")
	first.sees(".outcome", "You won")
}

// A player may have the name of a property that JavaScript's objects inherit.
func TestStrangeOpponents(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	for _, name := range []string{"constructor", "__proto__"} {
		a := s.player("Ada")
		a.queue()
		s.must("/v1/queues/colours/tickets", `{"player":"`+name+`"}`)
		a.sees(".versus", name)
		a.reload()
		a.sees(".versus", name)
	}
}

// With a ready check both have to accept; a player who does not gets a notice.
func TestReadyCheck(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--ready-timeout", patience.String())
	a, b := s.player("Ada"), s.player("Bo")
	a.queue()
	b.queue()
	a.inReach(".proposed button")
	const place = `["accept", "decline"].map((id) => document.getElementById(id).getBoundingClientRect().top).join()`
	before := eval[string](a, place)
	a.click("#accept")
	a.sees("[role=status].muted", "Waiting for the others")
	if after := eval[string](a, place); after != before {
		t.Errorf("the buttons moved from %s to %s", before, after)
	}
	b.click("#decline")
	b.sees("#notice", "You declined the match")
	a.sees("#notice", "The match fell apart")
	a.see("#cancel")
	b.queue()
	for _, p := range []*page{a, b} {
		p.click("#accept")
	}
	a.sees(".versus", "Bo")
	a.asked() // without another click
	b.asked()
}

// The page is Korean for browsers set to Korean, and another choice is kept.
func TestKorean(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	p := s.newPage()
	p.language("ko-KR,ko;q=0.9,en;q=0.8")
	p.open("/")
	p.sees("h1", "실시간 게임")
	p.open("/demo")
	p.sees("h1", "어떤 퀴즈를 할까요?")
	p.until(`document.documentElement.lang === "ko"`)
	p.click(`.set:has([value="colours"])`)
	p.click("#play-bot")
	p.sees(".versus", "로보 (봇)")
	p.begin()
	p.see(".choice[aria-disabled=false]")
	p.click("#languages button:not([aria-pressed=true])")
	p.sees(".foot button", "Give up")
	p.until(`document.documentElement.lang === "en"`)
	p.reload()
	p.sees(".foot button", "Give up")
	p.open("/")
	p.sees("h1", "Matchmaking for realtime games")
}

// If players have to prove their identity, guests play with a token that the page gets for them, and with a new one
// when it is no longer valid.
func TestGuestsWithTokens(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--demo", "--jwt-secret", "jwt-secret-of-thirty-two-bytes-00", "--path-prefix", "/games/quiz")
	a, b := s.player("Ada"), s.player("Bo")
	opponents(a, b)
	finish(a, b)
	b.click("#others")
	b.see("#play:enabled")

	eval[bool](b, `window.addEventListener("pagehide", () => {
		const kept = JSON.parse(sessionStorage.getItem("matchq-demo"));
		kept.me.token = "of.another.time";
		sessionStorage.setItem("matchq-demo", JSON.stringify(kept));
	}) || true`)
	b.reload()
	b.sees("#notice", "Your guest pass ended; you have a new one, as Bo")
	b.queue()
	b.see("#cancel")
}

func TestNoDemo(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--no-demo")
	p := s.open("/")
	p.sees(".actions", "Open the dashboard")
	p.gone(`[href="demo"]`)
}
