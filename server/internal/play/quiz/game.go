package quiz

import (
	"encoding/json"
	"slices"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// usual is how many questions a game has if nobody says.
const usual = 10

// Wish is what a player wants to play. What is left out is up to the others.
type Wish struct {
	Set   wire.ID
	Limit int
}

func (w Wish) check() error {
	if w.Limit < 0 || w.Limit > questions.Most {
		return wire.Errorf(wire.CodeInvalid, "limit must be from 1 to %d", questions.Most)
	}
	return nil
}

// fix takes the first wish of each kind that is heard: a questionnaire is never changed.
func (t *Turn) fix(w Wish) error {
	if err := w.check(); err != nil {
		return err
	}
	if t.Set.Name == "" && w.Set.Name != "" {
		if err := w.Set.Check("questionaireId"); err != nil {
			return err
		}
		t.Set = w.Set
	}
	if t.Limit == 0 {
		t.Limit = w.Limit
	}
	return nil
}

// deal gets the questions of the game.
func (t *Turn) deal(mode Mode) error {
	if t.Set.Name == "" {
		return wire.Errorf(wire.CodeInvalid, "questionaireId is missing: nobody has said what to play")
	}
	if t.Limit == 0 {
		t.Limit = usual
	}
	dealt, err := t.Deal(t.Set.Name, t.Limit, mode == Paced)
	if err != nil {
		return err
	}
	t.Mode, t.Questions, t.Limit = mode, dealt, len(dealt)
	return nil
}

// enter finds a player who may play.
func (t *Turn) enter(name string, mode Mode) (*Player, error) {
	p, err := t.player(name)
	switch {
	case err != nil:
		return nil, err
	case t.Phase == Invited:
		return nil, wire.Errorf(wire.CodeNotFound, "the invitation has not been accepted")
	case t.Mode != "" && t.Mode != mode:
		return nil, wire.Errorf(wire.CodeWrongMode, "this game is %s", map[Mode]string{
			SelfPaced: "self-paced: use request_question", Paced: "paced by the server: use start_game",
		}[t.Mode])
	case t.Phase == Over && len(t.Questions) == 0, p.Forfeited:
		return nil, over()
	}
	return p, nil
}

func over() error { return wire.Errorf(wire.CodeExpired, "the game is over") }

// Dealt answers request_question. The limit is the one that was asked for, which need not be the one that counted.
type Dealt struct {
	RoomID         string            `json:"roomId"`
	QuestionaireID wire.ID           `json:"questionaireId"`
	Limit          int               `json:"limit"`
	Questions      []questions.Asked `json:"questions"`
}

// Request gives a player the questions of a self-paced game, which it becomes by this.
func (t *Turn) Request(name string, w Wish) (*Dealt, error) {
	if _, err := t.enter(name, SelfPaced); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	if t.Mode == "" {
		if err := t.fix(w); err != nil {
			return nil, err
		}
		if err := t.deal(SelfPaced); err != nil {
			return nil, err
		}
	}
	set := t.Set
	if set.Name == w.Set.Name {
		set = w.Set
	}
	asked := make([]questions.Asked, len(t.Questions))
	for i := range t.Questions {
		asked[i] = t.Questions[i].Ask()
	}
	limit := w.Limit
	if limit == 0 {
		limit = len(asked)
	}
	return &Dealt{t.ID, set, limit, asked}, nil
}

// Start says that a player wants a paced game. It begins when all do.
func (t *Turn) Start(name string, w Wish) error {
	p, err := t.enter(name, Paced)
	if err != nil || t.Mode == Paced {
		return err
	}
	if err := t.fix(w); err != nil {
		return err
	}
	p.Started = true
	if !t.startable() {
		return nil
	}
	return t.begin()
}

// startable says whether everybody who takes part wants a paced game.
func (r *Room) startable() bool {
	return !slices.ContainsFunc(r.Players, func(p Player) bool { return !p.Started && !p.Forfeited })
}

// begin begins a paced game.
func (t *Turn) begin() error {
	if err := t.deal(Paced); err != nil {
		return err
	}
	t.Phase, t.At = Countdown, t.after(t.Config.Countdown)
	t.tell("", "game_starting", starting{t.Config.Countdown.Milliseconds()})
	return nil
}

type starting struct {
	InMs int64 `json:"inMs"`
}

type started struct {
	RoomID     string          `json:"roomId"`
	Index      int             `json:"index"`
	Of         int             `json:"of"`
	Question   questions.Asked `json:"question"`
	ClosesInMs int64           `json:"closesInMs"`
}

// ask puts the current question of a paced game.
func (t *Turn) ask() {
	t.Phase, t.At = Asking, t.after(t.Config.Question)
	t.tell("", "question_started", started{
		t.ID, t.Index, len(t.Questions), t.Questions[t.Index].Ask(), t.Config.Question.Milliseconds(),
	})
}

type closed struct {
	RoomID         string  `json:"roomId"`
	QuestionItemID wire.ID `json:"questionItemId"`
	Answer         int     `json:"answer"`
	Scores         []Score `json:"scores"`
}

// Score is how many points somebody has.
type Score struct {
	ID    wire.ID `json:"id"`
	Score int     `json:"score"`
}

func (r *Room) scores() []Score {
	scores := make([]Score, len(r.Players))
	for i := range r.Players {
		scores[i] = Score{r.Players[i].ID, r.Players[i].Score}
	}
	return scores
}

// shut closes the current question of a paced game and goes on to the next, or the end.
func (t *Turn) shut() {
	q := &t.Questions[t.Index]
	t.tell("", "question_closed", closed{t.ID, q.ID, q.Answer, t.scores()})
	t.Index++
	if t.Index == len(t.Questions) {
		t.end(Finished)
		return
	}
	t.Phase, t.At = Pausing, t.after(t.Config.Pause)
}

// Answered says how a question was answered. In a paced game it says only that it was.
type Answered struct {
	User answeredBy `json:"user"`
}

type answeredBy struct {
	ID     wire.ID  `json:"id"`
	SID    string   `json:"sid"`
	Answer answered `json:"answer"`
}

type answered struct {
	QuestionItemID wire.ID `json:"questionItemId"`
	Correct        *bool   `json:"correct,omitempty"`
	Score          *int    `json:"score,omitempty"`
	Total          *int    `json:"total,omitempty"`
}

// Answer takes a player's first answer to a question: the place of a choice, or its text. Others are told the result
// too.
func (t *Turn) Answer(name string, item wire.ID, answer json.RawMessage) (*Answered, error) {
	p, at, err := t.find(name, item)
	if err != nil {
		return nil, err
	}
	q := &t.Questions[at]
	if _, ok := p.Answers[q.ID.Name]; ok {
		return t.result(p, q), nil
	}
	late := t.Mode == Paced && (t.Phase != Asking || at < t.Index || t.Now >= t.At)
	if late || t.Phase == Over || p.Forfeited {
		return nil, wire.Errorf(wire.CodeTooLate, "this question is closed")
	}
	choice, err := choose(q, answer)
	if err != nil {
		return nil, err
	}
	t.judge(p, q, choice == q.Answer)
	result := t.result(p, q)
	t.tell(name, "get_answer_result", result)
	t.settle()
	return result, nil
}

// find finds a question that a player may answer. That there are others to come is not told.
func (t *Turn) find(name string, item wire.ID) (*Player, int, error) {
	p, err := t.player(name)
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(t.Questions, func(q questions.Question) bool { return q.ID.Name == item.Name })
	hidden := t.Mode == Paced && t.Phase != Over && (at > t.Index || at == t.Index && t.Phase != Asking)
	if at < 0 || hidden {
		return nil, 0, wire.Errorf(wire.CodeNotFound, "no such question has been asked in this room")
	}
	return p, at, nil
}

// choose reads an answer.
func choose(q *questions.Question, answer json.RawMessage) (int, error) {
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
	return 0, wire.Errorf(wire.CodeInvalid, "answer must be the place of a choice, from 0 to %d, or its text", len(q.Choices)-1)
}

// judge writes down how a player answered. In a paced game it counts only if it is written before the deadline.
func (t *Turn) judge(p *Player, q *questions.Question, correct bool) {
	a := Answer{Correct: correct}
	if correct {
		a.Score = points
		p.Correct++
	}
	if t.Mode == Paced {
		t.NotAfter = t.At - 1
		if correct {
			a.Score += int(speed * (t.At - t.Now) / max(t.Config.Question.Milliseconds(), 1))
		}
	}
	if p.Answers == nil {
		p.Answers = map[string]Answer{}
	}
	p.Answers[q.ID.Name] = a
	p.Score += a.Score
}

func (t *Turn) result(p *Player, q *questions.Question) *Answered {
	r := &Answered{answeredBy{ID: p.ID, SID: p.SID, Answer: answered{QuestionItemID: q.ID}}}
	if t.Mode == SelfPaced {
		a, total := p.Answers[q.ID.Name], p.Score
		r.User.Answer.Correct, r.User.Answer.Score, r.User.Answer.Total = &a.Correct, &a.Score, &total
	}
	return r
}
