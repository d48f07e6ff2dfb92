package browser_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// restarted stops the server, waits until pages notice, starts it again, and waits until they have said that they are back,
// which they do for a moment.
func (s *server) restarted(pages ...*page) {
	s.t.Helper()
	for _, p := range pages {
		p.expect("WebSocket connection|ERR_CONNECTION|ERR_EMPTY_RESPONSE|50[23]")
	}
	s.stop()
	for _, p := range pages {
		p.sees("#link", "The server is away")
		p.watch()
	}
	s.restart()
	for _, p := range pages {
		p.said("#link", "Connected again")
	}
}

func TestRestartWhileQueueing(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serveQuiz(t, env)
		a := s.player("Ada")
		a.queue()
		a.see("#cancel")
		s.restarted(a)
		a.see("#cancel")
		b := s.player("Bo")
		b.queue()
		a.sees(".versus", "Bo")
		if got := s.stats(); got.Enqueued != 2 || got.Matches != 1 {
			t.Errorf("the place was lost: %+v", got)
		}
	})
}

func TestRestartInAGame(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serveQuiz(t, env)
		a, b := s.player("Ada"), s.player("Bo")
		opponents(a, b)
		playRound(a, b)
		question := a.asked()
		a.press("2")
		a.see(".choice.mine")
		b.see(".board .answered:not(.mine)")
		s.restarted(a, b)
		for _, p := range []*page{a, b} {
			if got := p.text("h1"); got != question {
				t.Errorf("%q became %q", question, got)
			}
		}
		a.see(".choice.mine")
		b.click(".choice:nth-child(1)")
		a.gone(".choice.mine")
		playRound(a, b)
		a.sees(".outcome", "You won")
		if one, other := a.scores(), b.scores(); one != other {
			t.Errorf("one sees\n%s\nthe other\n%s", one, other)
		}
	})
}

// A server that has lost all data does not make players wait for ever.
func TestServerBeginsAnew(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serveQuiz(t, env)
	waiting, a, b := s.player("Cy"), s.player("Ada"), s.player("Bo")
	opponents(a, b)
	a.asked()
	waiting.queue()
	waiting.see("#cancel")
	for _, p := range []*page{waiting, a, b} {
		p.expect("WebSocket connection|ERR_CONNECTION|ERR_EMPTY_RESPONSE|50[23]")
	}
	s.stop()
	if err := env.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	waiting.watch()
	a.watch()
	s.restart()
	waiting.said("#notice", "Your place in the queue is gone")
	waiting.see("#play:enabled")
	a.said("#notice", "Your game is over or gone")
	b.see("#play:enabled")
}

// A reloaded tab has its previous state.
func TestReload(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	a, b := s.player("Ada"), s.player("Bo")
	a.queue()
	a.see("#cancel")
	a.reload()
	a.see("#cancel")
	b.queue()
	a.sees(".versus", "Bo")
	b.leave() // or the game would begin by itself sooner or later
	a.reload()
	a.sees(".versus", "Bo")
	a.begin()
	a.sees("[role=status].muted", "Waiting for Bo")
	a.reload()
	a.sees("[role=status].muted", "Waiting for Bo")
	b.open("/demo")
	b.begin()
	playRound(a, b)
	question := a.asked()
	a.press("2")
	a.see(".choice.mine")
	a.reload()
	a.see(".choice.mine")
	if got := a.text("h1"); got != question {
		t.Errorf("%q became %q", question, got)
	}
	a.sees(".board", "Bo")
	b.asked()
	b.click(".choice:nth-child(1)")
	b.gone(".choice.mine")
	playRound(a, b)
	a.sees(".outcome", "You won")
	a.reload()
	a.sees(".outcome", "You won")
	a.click("#challenge")
	b.click(".invitation .accept")
	a.asked()
}

// A bot whose page is reloaded during a proposal still accepts the match.
func TestReloadWithBotInReadyCheck(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--ready-timeout", patience.String())
	p := s.newPage()
	p.before(`Math.random = () => 0.99;`) // it answers slowly
	p.enter("Ada")
	p.click(`.set:has([value="colours"])`)
	p.click("#play-bot")
	p.see("#accept")
	p.reload()
	p.click("#accept")
	p.sees(".versus", "Robo (bot)")
}

// An answer that was lost with the connection is sent again.
func TestAnswerInABreak(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	a, b := s.player("Ada"), s.player("Bo")
	opponents(a, b)
	a.asked()
	b.asked()
	eval[bool](a, `(() => { const {send} = WebSocket.prototype;
		WebSocket.prototype.send = function (text) {
			if (!text.includes("send_answer")) return send.call(this, text);
			WebSocket.prototype.send = send;
			this.close();
		};
		return true; })()`)
	a.press("2")
	b.see(".board .answered:not(.mine)")
	a.see(".choice.mine")
}

// Late events, and counts of another moment, do not confuse the page.
func TestLateNews(t *testing.T) {
	t.Parallel()
	p := sources(t)
	if got := eval[string](p, `import("./assets/demo-state.js").then(({start, apply, screen}) => {
		const state = start();
		apply(state, "game_starting", {inMs: 3000});
		return screen(state);
	})`); got != "home" {
		t.Errorf("an event of another game shows the screen %q", got)
	}
	if got := eval[string](p, `import("./assets/demo-state.js").then(({start, apply, screen}) => {
		const state = start();
		state.player = "Ada";
		const users = {user1: {id: "Ada", sid: ""}, user2: {id: "Bo", sid: ""}};
		apply(state, "match_status", {status: "MATCHED", matchId: "1-0-0", roomId: "room-1-0-0", questionaireId: "quiz", question: [], waitedMs: 1, ...users});
		const matched = screen(state);
		apply(state, "match_assigned", {matchId: "1-0-0", connection: "here"});
		apply(state, "match_status", {status: "RESTORED", ticketId: "t2", queue: "quiz", reason: "released"});
		return [matched, screen(state), state.notice.key, state.ticket.id, state.match].join();
	})`); got != "match,queue,released,t2," {
		t.Errorf("a released match: %s", got)
	}
	if got := eval[string](p, `import("./assets/demo-ticket.js").then(({othersOf}) =>
		[othersOf({place: 2, waiting: 1}), othersOf({place: 2, waiting: 1}, 1), othersOf({place: 1, waiting: 1}, 3), othersOf({})].join())`); got != "1,1,2,0" {
		t.Errorf("others: %s", got)
	}
}

// The page shows that an opponent is away, until they are back.
func TestOpponentAway(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	a, b := s.player("Ada"), s.player("Bo")
	opponents(a, b)
	a.asked()
	b.leave()
	a.sees(".game .warn", "Bo lost the connection")
	b.open("/demo")
	b.asked()
	a.gone(".game .warn")
	playRound(a, b)
}

// The same player in a second tab takes over, and the first tab shows it.
func TestSecondTab(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	first := s.player("Ada")
	first.queue()
	first.see("#cancel")
	memory := eval[string](first, `sessionStorage.getItem("matchq-demo")`)

	second := s.newPage()
	second.before(`if (!sessionStorage.getItem("matchq-demo")) sessionStorage.setItem("matchq-demo", ` + quoted(memory) + `)`)
	second.open("/demo")
	second.see("#cancel")
	first.sees("h1", "You opened this game in another tab")
	first.click("#here")
	first.see("#cancel")
	second.sees("h1", "You opened this game in another tab")
	second.click("#somebody")
	second.see("#play:enabled")
	second.queue()
	first.see("#start")
	second.see("#start")
}
