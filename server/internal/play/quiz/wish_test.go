package quiz

import (
	"errors"
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// A questionnaire without questions does not become the game's: the other player could only forfeit.
func TestStartRefusesASetWithoutQuestions(t *testing.T) {
	unknown, down := wire.Errorf(wire.CodeNotFound, "unknown questionnaire"), errors.New("down")
	for set, want := range map[string]error{"nope": unknown, "away": down} {
		g := NewInvitation("room", times, 1000, who("a", "b")...)
		g.Deal = func(name string, n int, surprise bool) ([]questions.Question, error) {
			if name == set {
				return nil, want
			}
			return dealt(name, n, surprise)
		}
		_, _ = g.Accept("b")
		stored := *g.Room
		if err := g.Start("a", Wish{Set: wire.ID{Name: set}}); !errors.Is(err, want) {
			t.Errorf("%s: %v", set, err)
		}
		*g.Room = stored // a change that fails is not stored
		g.told()
		if err := g.Start("a", Wish{}); err != nil || g.told() != "" {
			t.Errorf("without a set: %v", err)
		}
		if err := g.Start("b", Wish{Set: wire.ID{Name: "history"}}); err != nil || g.told() != "game_starting>a game_starting>b" {
			t.Errorf("after %s: %v", set, err)
		}
	}
	g := newGame("a", "b")
	g.Deal = func(string, int, bool) ([]questions.Question, error) { return nil, unknown }
	if err := g.Start("a", Wish{}); !errors.Is(err, unknown) || g.Players[0].Started {
		t.Error("a match of an unknown questionnaire:", err)
	}
}
