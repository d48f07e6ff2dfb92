package quiz

import (
	"slices"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// overEvent is the event of a game that is over.
const overEvent = "game_over"

type resultsPayload struct {
	RoomID      string    `json:"roomId"`
	Results     []Result  `json:"results"`
	Reason      string    `json:"reason"`
	ForfeitedBy []wire.ID `json:"forfeitedBy,omitempty"`
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
		if p.Forfeited {
			all.ForfeitedBy = append(all.ForfeitedBy, p.ID)
		}
	}
	for i := range t.Players {
		t.Messages = append(t.Messages, Message{t.Players[i].ID.Name, overEvent, all})
	}
}

// hasFinished reports whether a player has answered all questions.
func (r *Room) hasFinished(p *Player) bool {
	return r.Mode == SelfPaced && len(p.Answers) == len(r.Questions)
}

// EndRisen ends a room in which a player takes part who was told that it is over: Redis has lost the end.
func (t *Change) EndRisen(name string) {
	switch t.StandingOf(name) {
	case IsInvited:
		t.decline(Lost, "")
	case Playing, InMatch:
		t.end(Lost)
	case Unknown, IsOver:
	}
}

// EndReleased ends the game of a match that can't be played.
func (t *Change) EndReleased() {
	if t.Phase != Over {
		t.end(Void)
	}
}

// NeverOpen is EndReleased for a room that nobody has opened. Nobody is told.
func (t *Change) NeverOpen() { t.Phase, t.Reason, t.At = Over, Void, 0 }

// endIfDone ends the question or the game if no player can add to it.
func (t *Change) endIfDone() {
	playing, waitingFor := 0, 0
	for i := range t.Players {
		p := &t.Players[i]
		if !p.plays() {
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
	case playing < 2 && t.Mode == "" && slices.ContainsFunc(t.Players, func(p Player) bool { return p.Excused }):
		t.end(Void)
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

// forfeit takes a player out of the game, unless the player has finished it. A player who has waited long for the others
// loses nothing.
func (t *Change) forfeit(p *Player) {
	p.Away = 0
	if !p.plays() || t.hasFinished(p) {
		return
	}
	waits := t.Phase == Open && t.Mode == "" && p.Started
	p.Excused = waits && t.Now-p.StartedAt >= t.Config.StartWait.Milliseconds()
	p.Forfeited = !p.Excused
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

// Tick does the due work. GiveUp must have been called for overdue players.
func (t *Change) Tick() {
	t.shorten()
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

// shorten brings times forward that lie further ahead than any that begins now: Redis's clock was set back.
func (t *Change) shorten() {
	c := t.Config
	phases := map[Phase]time.Duration{Invited: c.Resend, Countdown: c.Countdown, Asking: c.Question, Pausing: c.Pause}
	phase, ends := phases[t.Phase], c.TTL
	if t.Phase == Invited {
		ends = time.Duration(c.MaxSends) * c.Resend
		if t.Sent == c.MaxSends {
			phase = ends
		}
	}
	t.Ends = min(t.Ends, t.after(ends))
	if phase > 0 {
		t.At = min(t.At, t.after(phase))
	}
	if t.Claimed > t.after(2*c.ClaimTimeout) {
		t.Claimed = t.after(c.ClaimTimeout)
	}
	for i := range t.Players {
		t.Players[i].Away = min(t.Players[i].Away, t.after(c.Grace))
	}
}

// expire ends a room at its latest end.
func (t *Change) expire() {
	if t.Phase == Invited {
		t.decline(Expired, "")
		return
	}
	finished := slices.ContainsFunc(t.Players, func(p Player) bool { return p.plays() && t.hasFinished(&p) })
	if !finished {
		t.end(Void)
		return
	}
	for i := range t.Players {
		if p := &t.Players[i]; p.plays() && !t.hasFinished(p) {
			p.Forfeited = true
		}
	}
	t.end(Forfeit)
}
