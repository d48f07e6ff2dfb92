package quiz

import (
	"encoding/json"
	"slices"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// Answered is the result of an answer. In a paced game it leaves the score out.
type Answered struct {
	User userPayload `json:"user"`
}

type userPayload struct {
	ID     wire.ID       `json:"id"`
	SID    string        `json:"sid"`
	Answer answerPayload `json:"answer"`
}

type answerPayload struct {
	QuestionItemID wire.ID `json:"questionItemId"`
	Correct        *bool   `json:"correct,omitempty"`
	Score          *int    `json:"score,omitempty"`
	Total          *int    `json:"total,omitempty"`
}

// Answer takes a player's first answer to a question: the index of a choice, or its text. The other players hear the
// result too.
func (t *Change) Answer(name string, item wire.ID, answer json.RawMessage) (*Answered, error) {
	p, at, err := t.find(name, item)
	if err != nil {
		return nil, err
	}
	q := &t.Questions[at]
	if _, ok := p.Answers[q.ID.Name]; ok {
		return t.result(p, q), nil
	}
	late := t.Mode == Paced && (t.Phase != Asking || at < t.Index || t.Now >= t.At)
	if late || t.Phase == Over || !p.plays() {
		return nil, wire.Errorf(wire.CodeTooLate, "this question is closed")
	}
	choice, err := parseChoice(q, answer)
	if err != nil {
		return nil, err
	}
	t.score(p, q, choice)
	result := t.result(p, q)
	t.broadcast(name, "get_answer_result", result)
	t.endIfDone()
	return result, nil
}

// find returns a question that the player may answer. Questions to come must look unknown.
func (t *Change) find(name string, item wire.ID) (*Player, int, error) {
	p, err := t.player(name)
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(t.Questions, func(q questions.Question) bool { return q.ID.Name == item.Name })
	hidden := t.Mode == Paced && t.Phase != Over && (at > t.Index || at == t.Index && t.Phase != Asking)
	if at < 0 || hidden {
		return nil, 0, wire.Errorf(wire.CodeNotFound, "unknown question")
	}
	return p, at, nil
}

// parseChoice returns the index of the chosen choice.
func parseChoice(q *questions.Question, answer json.RawMessage) (int, error) {
	var place int
	var text string
	switch {
	case string(answer) == "null":
	case json.Unmarshal(answer, &place) == nil:
		if place >= 0 && place < len(q.Choices) {
			return place, nil
		}
	case json.Unmarshal(answer, &text) == nil:
		if at := slices.Index(q.Choices, text); at >= 0 {
			return at, nil
		}
	}
	return 0, wire.Errorf(wire.CodeInvalid, "answer must be the index of a choice, from 0 to %d, or its text", len(q.Choices)-1)
}

// score scores an answer. In a paced game it counts only if it is stored before the deadline.
func (t *Change) score(p *Player, q *questions.Question, choice int) {
	a := Answer{Correct: choice == q.Answer, Choice: &choice}
	if a.Correct {
		a.Score = pointsCorrect
		p.Correct++
	}
	if t.Mode == Paced {
		t.NotAfter = t.At - 1
		if a.Correct {
			a.Score += int(maxSpeedBonus * (t.At - t.Now) / max(t.Config.Question.Milliseconds(), 1))
			a.Score *= t.worth()
		}
	}
	if p.Answers == nil {
		p.Answers = map[string]Answer{}
	}
	p.Answers[q.ID.Name] = a
	p.Score += a.Score
}

// worth is by how much the current question of a paced game counts.
func (r *Room) worth() int {
	if last := len(r.Questions) - 1; r.Index == last && len(r.Questions) >= questionsForDouble {
		return 2
	}
	return 1
}

func (t *Change) result(p *Player, q *questions.Question) *Answered {
	r := &Answered{userPayload{ID: p.ID, SID: p.SID, Answer: answerPayload{QuestionItemID: q.ID}}}
	if t.Mode == SelfPaced {
		a, total := p.Answers[q.ID.Name], p.Score
		r.User.Answer.Correct, r.User.Answer.Score, r.User.Answer.Total = &a.Correct, &a.Score, &total
	}
	return r
}
