package e2e_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// An unknown questionnaire, named by one player, keeps a friend from no game.
func TestAnUnknownQuestionnaireBlocksNoGame(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	a, b := n.online(`"alice"`), n.online(`"bob"`)
	room := befriend(a, b, "bob")
	for _, event := range []string{"start_game", "request_question"} {
		a.denied("not_found", event, object{"roomId": room, "questionaireId": "nope"})
	}
	b.emit("start_game", object{"roomId": room, "questionaireId": "korea", "limit": 1})
	a.emit("start_game", object{"roomId": room})
	a.hears("game_starting")
	b.hears("game_starting")
}
