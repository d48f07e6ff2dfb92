package quiz

import (
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// overEvent is the event of a game that is over.
const overEvent = "game_over"

type resultsPayload struct {
	RoomID  string   `json:"roomId"`
	Results []Result `json:"results"`
	Reason  string   `json:"reason"`
}

// Result is a player's result.
type Result struct {
	ID       wire.ID `json:"id"`
	Score    int     `json:"score"`
	Correct  int     `json:"correct"`
	Answered int     `json:"answered"`
}

// end ends the game and tells all players, also those who gave it up.
func (t *Change) end(reason string) {
	t.Phase, t.Reason, t.At = Over, reason, 0
	all := resultsPayload{RoomID: t.ID, Reason: reason}
	for i := range t.Players {
		p := &t.Players[i]
		p.Away = 0
		all.Results = append(all.Results, Result{p.ID, p.Score, p.Correct, len(p.Answers)})
	}
	for i := range t.Players {
		t.Messages = append(t.Messages, Message{t.Players[i].ID.Name, overEvent, all})
	}
}

// hasFinished reports whether a player has answered all questions.
func (r *Room) hasFinished(p *Player) bool {
	return r.Mode == SelfPaced && len(p.Answers) == len(r.Questions)
}

// endIfDone ends the question or the game if no player can add to it.
func (t *Change) endIfDone() {
	playing, waitingFor := 0, 0
	for i := range t.Players {
		p := &t.Players[i]
		if p.Forfeited {
			continue
		}
		playing++
		if t.Phase == Asking {
			if _, ok := p.Answers[t.Questions[t.Index].ID.Name]; !ok {
				waitingFor++
			}
		} else if !t.hasFinished(p) {
			waitingFor++
		}
	}
	switch {
	case playing < 2:
		t.end(Forfeit)
	case waitingFor > 0:
	case t.Phase == Asking:
		t.closeQuestion()
	case t.Mode == SelfPaced:
		t.end(Finished)
	}
}

// Leave takes a player out of the room for good. With questions still open that forfeits.
func (t *Change) Leave(name string) error {
	p, err := t.player(name)
	if err != nil || p.Left {
		return err
	}
	switch {
	case t.Phase == Over:
		p.Left = true
	case t.claimed():
		p.Leaving = true
	case t.Phase == Invited && p == &t.Players[0]:
		t.decline(Expired, "")
	case t.Phase == Invited:
		t.decline(Declined, "")
	default:
		t.forfeit(p)
		p.Left = true
	}
	if t.Closed() {
		t.clear()
	}
	return nil
}

// forfeit takes a player out of the game, unless the player has finished it.
func (t *Change) forfeit(p *Player) {
	p.Away = 0
	if p.Forfeited || t.hasFinished(p) {
		return
	}
	p.Forfeited = true
	t.endIfDone()
	if t.Phase == Open && t.Mode == "" && t.startable() {
		t.At = t.Now // the others waited for this player only
	}
}

// clear drops everything but the fact that the room is closed.
func (t *Change) clear() {
	t.Questions = nil
	for i := range t.Players {
		t.Players[i].Answers = nil
	}
}

type awayPayload struct {
	GraceMs int64 `json:"graceMs"`
}

// SetAway starts a player's grace.
func (t *Change) SetAway(name string) {
	p, err := t.player(name)
	if err != nil || t.Phase == Over || p.Forfeited || p.Left || p.Away > 0 {
		return
	}
	p.Away = t.after(t.Config.Grace)
	if t.Phase != Invited {
		t.broadcast(name, "opponent_away", awayPayload{t.Config.Grace.Milliseconds()})
	}
}

// SetBack ends a player's absence.
func (t *Change) SetBack(name, sid string) {
	p, err := t.player(name)
	if err != nil || p.Away == 0 {
		return
	}
	p.Away = 0
	if sid != "" {
		p.SID = sid
	}
	if t.Phase != Invited {
		t.broadcast(name, "opponent_back", struct{}{})
	}
}

// GiveUp ends a player's part after the grace. An invitation stands while its inviter is online.
func (t *Change) GiveUp(name string) {
	p, err := t.player(name)
	switch {
	case err != nil || t.Phase == Over:
	case t.claimed():
		p.Away = t.Claimed // wake looks the player up again then
	case t.Phase != Invited:
		t.forfeit(p)
	case p == &t.Players[0]:
		t.decline(Expired, "")
	default:
		p.Away = 0
	}
}

// Overdue returns the players whose grace is over.
func (t *Change) Overdue() []string {
	var names []string
	for i := range t.Players {
		if p := &t.Players[i]; p.Away > 0 && p.Away <= t.Now && t.Phase != Over {
			names = append(names, p.ID.Name)
		}
	}
	return names
}

// Tick does what is due. SetBack or GiveUp must have been called for overdue players.
func (t *Change) Tick() {
	switch {
	case t.Phase == Over || t.claimed():
	case t.Claimed > 0:
		t.Release(t.Claimed) // the node that claimed it has died
	case t.Now >= t.Ends:
		t.expire()
	case t.At == 0 || t.Now < t.At:
	case t.Phase == Invited:
		t.resend()
	case t.Phase == Open:
		if t.At = 0; t.begin() != nil {
			t.At = t.after(time.Second) // no questions are available now
		}
	case t.Phase == Countdown, t.Phase == Pausing:
		t.openQuestion()
	case t.Phase == Asking:
		t.closeQuestion()
	}
}

// expire ends a room at its latest end.
func (t *Change) expire() {
	if t.Phase == Invited {
		t.decline(Expired, "")
		return
	}
	for i := range t.Players {
		if p := &t.Players[i]; !t.hasFinished(p) {
			p.Forfeited = true
		}
	}
	t.end(Forfeit)
}

// State is the state of the game for one player.
type State struct {
	RoomID       string            `json:"roomId"`
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
	s := State{RoomID: r.ID, Mode: r.Mode, Index: r.Index, Of: len(r.Questions), Scores: r.scores()}
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
