package browser_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Names are what others chose: the page isolates them, drops characters that would reorder its texts, and shows whole emoji.
func TestStrangeNames(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t))
	const family = "\U0001F469\u200D\U0001F469\u200D\U0001F467"
	a := s.player("Ada")
	a.queue()
	s.must("/v1/queues/colours/tickets", `{"player":"x","attributes":{"name":"\u202e`+family+` li\u2066ve \u0007"}}`)
	a.see(".versus")
	if got := eval[[]string](a, `[...document.querySelectorAll(".versus .side:last-child :is(.avatar, bdi)")].map((e) => e.textContent)`); !slices.Equal(got, []string{family, family + " live"}) {
		t.Errorf("the opponent's picture and name: %q", got)
	}
	a.begin()
	a.until(`document.querySelector(".match [role=status] bdi")?.textContent.endsWith("live")`)
	if name := eval[string](a, `document.body.textContent`); strings.ContainsAny(name, "\u202e\u2066") {
		t.Errorf("the page has characters that reorder it: %q", name)
	}
}

// The computations of the page, without a game.
func TestPartsOfTheDemo(t *testing.T) {
	t.Parallel()
	p := sources(t)
	for name, c := range map[string]struct{ script, want string }{
		"a cancelled ticket is not counted": {`const state = demo.state.start();
			state.queues = {s: {name: "s", waiting: 3, withUs: true}, other: {waiting: 7}};
			state.ticket = {id: "t", queue: "s"};
			demo.state.apply(state, "cancel_request_general_match_status", {status: "CANCEL_REQUEST_COMPLETE"}, 5000);
			return [state.ticket, state.queues.s.waiting, state.queues.other.waiting, state.countsFrom > 6000];`, ",2,7,true"},
		"a count from before the cancelling is dropped": {`const state = {...demo.state.start(), queues: {}, countsFrom: performance.now() + 60000, link: {status: "open"}};
			const {fetch} = window;
			window.fetch = async () => ({ok: true, json: async () => ({queues: [{name: "s", waiting: 1}]})});
			await demo.news.watchQueues(state, () => "home", () => {})();
			const before = Object.keys(state.queues).length;
			state.countsFrom = 0;
			await demo.news.watchQueues(state, () => "home", () => {})();
			window.fetch = fetch;
			return [before, state.queues.s.waiting];`, "0,1"},
		"players look different": {`const looks = [];
			for (let i = 0; i < 400; i++) {
				const [one, other] = [demo.avatar.lookOf("guest-" + i), demo.avatar.lookOf("guest-x" + i, ["guest-" + i])];
				const apart = Math.abs(one.hue - other.hue);
				looks.push(Math.min(apart, 360 - apart) >= 50 && one.pattern !== other.pattern);
			}
			return [looks.every(Boolean)];`, "true"},
		"picks": {`const pick = (answers) => {
				const state = demo.state.start({match: {room: "r", players: ["me", "you"]}});
				state.me = {player: "me"};
				demo.state.apply(state, "question_started", {roomId: "r", index: 0, of: 2, question: {id: "q", text: "?", choices: [1, 2, 3]}, closesInMs: 9});
				demo.state.apply(state, "question_closed", {roomId: "r", questionItemId: "q", answer: 1, answers, scores: [{id: "me", score: 0}, {id: "you", score: 0}]});
				return state.game.history[0].theirs[0].pick;
			};
			return [pick([{id: "me", answer: 1}, {id: "you", answer: 2}]), String(pick([]))];`, "2,null"},
		"the last question counts double": {`return [[3, 5], [4, 5], [3, 4]].map(([index, of]) => {
				const state = demo.state.start({match: {room: "r", players: ["me", "you"]}, me: {player: "me"}});
				demo.state.apply(state, "question_started", {roomId: "r", index, of, question: {id: "q", text: "?", choices: ["a", "b"]}, closesInMs: 9});
				const {root, update} = demo.game.game({t: speaker(words, "en"), state, actions: {}});
				update(state, 0);
				return root.querySelector(".progress").textContent;
			});`, "Question 4 of 5,Question 5 of 5 · double points,Question 4 of 4"},
		"a best of three": {`const played = ["win", "lose", "draw", "win", "win"].reduce((all, outcome) => [...all, demo.score.counted(all.at(-1), ["me", "you"], "me", outcome)], []);
			return played.map(({mine, theirs}) => mine + ":" + theirs);`, "1:0,1:1,1:1,2:1,1:0"},
		"the estimate": {`const queue = {matched_total: 14, first: {at: 1000, total: 10}};
			return [demo.ticket.estimateOf(queue, 21000), String(demo.ticket.estimateOf(queue, 2000)), String(demo.ticket.estimateOf({...queue, matched_total: 10}, 21000)), String(demo.ticket.estimateOf(undefined, 9))];`, "5000,null,null,null"},
		"a bot is offered after ten seconds": {`const state = demo.state.start();
			state.ticket = {id: "t", queue: "s", place: 1, waiting: 1, tickAt: null, since: performance.timeOrigin};
			const {root, update} = demo.waiting.queue({t: speaker(words, "en"), state, actions: {canAsk: () => false}});
			return [9000, 10500].map((now) => { update(state, now); return root.querySelector(".waited").textContent + root.querySelector(".offer").textContent.slice(0, 11); });`,
			"Waiting for 0:09,Waiting for 0:10Nobody else"},
		"links": {`const link = demo.link.linkTo("guest-a", "A & B", "s");
			const {to, name, set} = demo.link.joinOf(new URL(link).hash);
			return [to, name, set, demo.link.joinOf("#"), demo.link.joinOf("#join="), demo.link.joinOf("#join=" + "x".repeat(129)), demo.link.joinOf("#join=x&name=%E2%80%AEa").name];`, "guest-a,A & B,s,,,,a"},
	} {
		got := eval[string](p, `(async () => {
			const names = ["state", "news", "avatar", "score", "ticket", "waiting", "link", "game"];
			const demo = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await import("./assets/demo-" + name + ".js")])));
			const [{words}, {speaker}] = await Promise.all([import("./assets/demo-words.js"), import("./assets/language.js")]);
			return (await (async () => { `+c.script+` })()).join();
		})()`)
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
