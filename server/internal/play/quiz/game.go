package quiz

import (
	"cmp"
	"slices"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// defaultLimit is the number of questions if no player names one.
const defaultLimit = 10

// Wish is a player's request for a game. Zeros leave it to the others.
type Wish struct {
	Set   wire.ID
	Limit int
}

func (w Wish) check() error {
	if w.Limit < 0 || w.Limit > questions.MaxLimit {
		return wire.Errorf(wire.CodeInvalid, "limit must be from 1 to %d", questions.MaxLimit)
	}
	return nil
}

// applyWish takes the first wish of each kind: a questionnaire never changes.
func (t *Change) applyWish(w Wish) error {
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

// deal chooses the questions of the game.
func (t *Change) deal(mode Mode) error {
	if t.Set.Name == "" {
		return wire.Errorf(wire.CodeInvalid, "questionaireId is missing: no player has named one")
	}
	if t.Limit == 0 {
		t.Limit = defaultLimit
	}
	dealt, err := t.Deal(t.Set.Name, t.Limit, mode == Paced)
	if err != nil {
		return err
	}
	t.Mode, t.Questions, t.Limit = mode, dealt, len(dealt)
	return nil
}

// admit returns a player who may take part in a game of this mode.
func (t *Change) admit(name string, mode Mode) (*Player, error) {
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
	case t.Phase == Over && len(t.Questions) == 0, !p.plays():
		return nil, errOver()
	}
	return p, nil
}

func errOver() error { return wire.Errorf(wire.CodeExpired, "the game is over") }

// Dealt answers request_question. Limit is the one of the request, which may differ from the game's.
type Dealt struct {
	RoomID         string             `json:"roomId"`
	QuestionaireID wire.ID            `json:"questionaireId"`
	Limit          int                `json:"limit"`
	Questions      []questions.Public `json:"questions"`
}

// Request returns the questions of a self-paced game. The first request makes the game self-paced.
func (t *Change) Request(name string, w Wish) (*Dealt, error) {
	if _, err := t.admit(name, SelfPaced); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	if t.Mode == "" {
		if err := t.applyWish(w); err != nil {
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
	asked := make([]questions.Public, len(t.Questions))
	for i := range t.Questions {
		asked[i] = t.Questions[i].Public()
	}
	limit := w.Limit
	if limit == 0 {
		limit = len(asked)
	}
	return &Dealt{t.ID, set, limit, asked}, nil
}

// Start asks for a paced game, which begins once all players have asked.
func (t *Change) Start(name string, w Wish) error {
	p, err := t.admit(name, Paced)
	if err != nil || t.Mode == Paced {
		return err
	}
	if err := t.applyWish(w); err != nil {
		return err
	}
	if !p.Started {
		if err := t.checkSet(w); err != nil {
			return err
		}
		p.Started, p.StartedAt = true, t.Now
	}
	if !t.startable() {
		return nil
	}
	return t.begin()
}

// checkSet refuses a questionnaire without questions. It would stand, so that the game could never begin, and the other
// player could only forfeit it. The game of a match waits if they are missing for now.
func (t *Change) checkSet(w Wish) error {
	if t.Set.Name == "" {
		return nil // another player may name one
	}
	_, err := t.Deal(t.Set.Name, cmp.Or(t.Limit, defaultLimit), true)
	named := !t.Match && t.Set == w.Set
	if err != nil && (named || wire.ErrorOf(err).Code == wire.CodeNotFound) {
		return err
	}
	return nil
}

// startable reports whether all players who take part have asked for a paced game.
func (r *Room) startable() bool {
	return !slices.ContainsFunc(r.Players, func(p Player) bool { return !p.Started && p.plays() })
}

// begin begins a paced game.
func (t *Change) begin() error {
	if err := t.deal(Paced); err != nil {
		return err
	}
	t.Phase, t.At = Countdown, t.after(t.Config.Countdown)
	t.broadcast("", "game_starting", startingPayload{t.Config.Countdown.Milliseconds()})
	return nil
}

type startingPayload struct {
	InMs int64 `json:"inMs"`
}

type startedPayload struct {
	RoomID     string           `json:"roomId"`
	Index      int              `json:"index"`
	Of         int              `json:"of"`
	Question   questions.Public `json:"question"`
	ClosesInMs int64            `json:"closesInMs"`
}

// openQuestion opens the current question of a paced game.
func (t *Change) openQuestion() {
	t.Phase, t.At = Asking, t.after(t.Config.Question)
	t.broadcast("", "question_started", startedPayload{
		t.ID, t.Index, len(t.Questions), t.Questions[t.Index].Public(), t.Config.Question.Milliseconds(),
	})
}

type closedPayload struct {
	RoomID         string  `json:"roomId"`
	QuestionItemID wire.ID `json:"questionItemId"`
	Answer         int     `json:"answer"`
	Answers        []pick  `json:"answers"`
	Scores         []Score `json:"scores"`
}

// pick is a player's answer to a question that is closed.
type pick struct {
	ID     wire.ID `json:"id"`
	Answer int     `json:"answer"`
}

// picks returns the answers to a question, of those players who gave one.
func (r *Room) picks(q *questions.Question) []pick {
	picks := []pick{}
	for i := range r.Players {
		p := &r.Players[i]
		if a, ok := p.Answers[q.ID.Name]; ok && a.Choice != nil {
			picks = append(picks, pick{p.ID, *a.Choice})
		}
	}
	return picks
}

// Score is a player's score.
type Score struct {
	ID    wire.ID `json:"id"`
	Score int     `json:"score"`
}

// scores returns the players' scores. While a question is open they leave it out: nobody learns yet who is right.
func (r *Room) scores() []Score {
	scores := make([]Score, len(r.Players))
	for i := range r.Players {
		p := &r.Players[i]
		scores[i] = Score{p.ID, p.Score}
		if r.Phase == Asking {
			scores[i].Score -= p.Answers[r.Questions[r.Index].ID.Name].Score
		}
	}
	return scores
}

// closeQuestion closes the current question of a paced game. The next one follows, or the end.
func (t *Change) closeQuestion() {
	q := &t.Questions[t.Index]
	t.Phase = Pausing
	t.broadcast("", "question_closed", closedPayload{t.ID, q.ID, q.Answer, t.picks(q), t.scores()})
	t.Index++
	if t.Index == len(t.Questions) {
		t.end(Finished)
		return
	}
	t.At = t.after(t.Config.Pause)
}
