package quiz

import (
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// State is the state of the game for one player.
type State struct {
	RoomID       string            `json:"roomId"`
	Set          wire.ID           `json:"questionaireId,omitzero"` // none in a friend match until a player names one
	Mode         Mode              `json:"mode"`
	Index        int               `json:"index"`
	Of           int               `json:"of"`
	Question     *questions.Public `json:"question,omitempty"`
	ClosesInMs   *int64            `json:"closesInMs,omitempty"`
	Scores       []Score           `json:"scores"`
	OpponentAway bool              `json:"opponentAway"`
}

// State returns the state of the game for a player.
func (r *Room) State(name string, now int64) State {
	s := State{RoomID: r.ID, Set: r.Set, Mode: r.Mode, Index: r.Index, Of: len(r.Questions), Scores: r.scores()}
	for i := range r.Players {
		p := &r.Players[i]
		switch {
		case p.ID.Name != name:
			s.OpponentAway = s.OpponentAway || p.Away > 0
		case r.Mode == SelfPaced:
			s.Index = len(p.Answers)
		}
	}
	if r.Phase == Asking {
		asked, left := r.Questions[r.Index].Public(), max(r.At-now, 0)
		s.Question, s.ClosesInMs = &asked, &left
	}
	return s
}
