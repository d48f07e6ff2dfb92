package browser_test

import (
	"testing"
)

// The page shows who has won, and why, in both languages.
func TestEndsOfAGame(t *testing.T) {
	t.Parallel()
	p := sources(t)
	const both = `"results":[{"id":"me","score":0,"correct":0,"answered":0},{"id":"you","score":200,"correct":1,"answered":1}]`
	for _, end := range []struct{ data, gaveUp, en, ko string }{
		{both + `,"reason":"finished"`, "false", "You lost", "졌어요"},
		{both + `,"reason":"forfeit","forfeitedBy":["you"]`, "false", "You won|Yu gave up or did not come back.", "이겼어요|Yu님이 기권했거나 돌아오지 않았어요."},
		{both + `,"reason":"forfeit","forfeitedBy":["me"]`, "false", "You lost|You were away for too long.", "졌어요|너무 오래 자리를 비웠어요."},
		{both + `,"reason":"forfeit","forfeitedBy":["me"]`, "true", "You lost|You gave up.", "졌어요|기권했어요."},
		{
			both + `,"reason":"void"`, "false", "Nobody won|All were away, or the game did not begin or end in time.",
			"이긴 사람이 없어요|모두 자리를 비웠거나, 게임이 제때 시작하거나 끝나지 않았어요.",
		},
		{
			`"results":[],"reason":"lost"`, "false", "Nobody won|The server has lost this game. Play another one.",
			"이긴 사람이 없어요|서버가 이 게임을 잃어버렸어요. 새 게임을 시작해 주세요.",
		},
	} {
		for language, want := range map[string]string{"en": end.en, "ko": end.ko} {
			got := eval[string](p, `(async () => {
				const [{start, apply}, {result}, {words}, {speaker}] = await Promise.all(
					["state", "result", "words"].map((part) => import("./assets/demo-" + part + ".js")).concat(import("./assets/language.js")));
				const state = start({names: {you: "Yu"}, match: {room: "r", players: ["me", "you"], set: "s", gaveUp: `+end.gaveUp+`}});
				state.me = {player: "me"};
				apply(state, "game_over", {"roomId": "r", `+end.data+`});
				const {root} = result({t: speaker(words, "`+language+`"), state, actions: {}});
				return [...root.querySelectorAll(".outcome, .outcome + p.muted")].map((e) => e.textContent).join("|");
			})()`)
			if got != want {
				t.Errorf("%s: %q, want %q", end.data, got, want)
			}
		}
	}
}
