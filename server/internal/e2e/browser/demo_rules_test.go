package browser_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// rated gives a player another rating.
func (p *page) rated(rating int) {
	p.t.Helper()
	eval[bool](p, `window.addEventListener("pagehide", () => {
		const kept = JSON.parse(sessionStorage.getItem("matchq-demo"));
		kept.rating = `+strconv.Itoa(rating)+`;
		sessionStorage.setItem("matchq-demo", JSON.stringify(kept));
	}) || true`)
	p.reload()
	p.until(`document.body.dataset.link === "open"`)
}

// By rules players meet opponents they can beat, and hear what it took. A game changes their ratings; a bot is as strong as its
// player.
func TestRulesInWords(t *testing.T) {
	t.Parallel()
	s := serveQuiz(t, matchqtest.Embedded(t), "--interval", "100ms")
	s.setRules("*", "ann", `{"interval":"100ms","rules":[{"type":"distance","max":20,"steps":[{"after":"1s","value":200}]}]}`)
	a, b := s.player("Ada"), s.player("Bo")
	b.rated(1150)
	a.queue()
	b.queue()
	a.sees(".match", "A strong opponent.")
	b.sees(".match", "You are the stronger one.")
	for _, p := range []*page{a, b} {
		p.sees(".match", "You waited a little longer for a fair match.")
		p.begin()
	}
	a.sure(".foot button") // of the game, which has begun
	for p, want := range map[*page]int{a: 991, b: 1159} {
		p.until(`JSON.parse(sessionStorage.getItem("matchq-demo")).rating === ` + strconv.Itoa(want))
		p.sees(".rating", strconv.Itoa(want)+" (")
		p.click("#others")
	}
	b.click(`.set:has([value="colours"])`)
	b.click("#play-bot")
	b.sees(".match", "You are about equally strong.")
	b.sees(".versus", "Robo (bot)")
	if text := b.text(".match"); strings.Contains(text, "a little longer") {
		t.Errorf("the bot did not come at once: %s", text)
	}
}

// The page tells in both languages how rules worked, and nothing where no rule compared the players, or they tell no numbers.
func TestToldOfRules(t *testing.T) {
	t.Parallel()
	p := sources(t)
	for _, match := range []struct{ rules, theirs, en, ko string }{
		{`{"applied":[{"rule":"skill","gap":51,"limit":80,"widened":30}]}`, `1051`, "A strong opponent.|You waited a little longer for a fair match.", "강한 상대예요.|공정한 대결을 위해 조금 더 기다렸어요."},
		{`{"applied":[{"rule":"skill","gap":51,"limit":80}]}`, `949`, "You are the stronger one.", "내가 조금 더 강해요."},
		{`{"applied":[{"rule":"skill","gap":0,"limit":80}]}`, `1000`, "You are about equally strong.", "실력이 비슷한 상대예요."},
		{`{"applied":[{"rule":"skill","gap":9,"limit":80,"widened":1}]}`, `"<b>"`, "You waited a little longer for a fair match.", "공정한 대결을 위해 조금 더 기다렸어요."},
		{`{"applied":[{"rule":"modes","common":"duel"}]}`, `1000`, "", ""},
		{`{"data":{"region":"eu"}}`, `1000`, "", ""},
		{`null`, `1000`, "", ""},
	} {
		for language, want := range map[string]string{"en": match.en, "ko": match.ko} {
			data := `{"status":"MATCHED","roomId":"r","questionaireId":"s","waitedMs":5,"rules":` + match.rules +
				`,"user1":{"id":"you","attributes":{"rating":` + match.theirs + `}},"user2":{"id":"me","attributes":{"rating":1000}}}`
			if !json.Valid([]byte(data)) {
				t.Fatal(data)
			}
			got := eval[string](p, `(async () => {
				const [{start, apply}, {match}, {words}, {speaker}] = await Promise.all(
					["state", "waiting", "words"].map((part) => import("./assets/demo-" + part + ".js")).concat(import("./assets/language.js")));
				const state = start();
				state.me = {player: "me"};
				apply(state, "match_status", `+data+`);
				const {root} = match({t: speaker(words, "`+language+`"), state, actions: {}});
				return [...root.querySelectorAll(".told")].map((e) => e.textContent).join("|");
			})()`)
			if got != want {
				t.Errorf("%s, %s: %q, want %q", match.rules, language, got, want)
			}
		}
	}
}
