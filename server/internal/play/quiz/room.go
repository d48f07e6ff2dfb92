// Package quiz is what happens in a room: an invitation, then a game. It is pure: a room, what somebody does, and the
// time go in; the changed room and messages come out. Whoever calls it stores the one and sends the other.
//
// Doing something twice changes nothing the second time and is answered the same, so that callers may repeat.
package quiz

import (
	"slices"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// Config is how long things take. Whole milliseconds.
type Config struct {
	Countdown    time.Duration // before the first question of a paced game
	Question     time.Duration // to answer each question of a paced game
	Pause        time.Duration // after a question of a paced game has closed, to read the answer
	Resend       time.Duration // between two sends of an invitation
	MaxSends     int           // of an invitation; it expires one Resend after the last
	Grace        time.Duration // how long a player may be away
	TTL          time.Duration // of a game
	KeepOver     time.Duration // how long a room is remembered that is over: longer than its match is, or it is opened anew
	ClaimTimeout time.Duration // how long inviting may take from the lock to the room, and accepting from claim to game
}

// Defaults are the times of the protocol.
func Defaults() Config {
	return Config{
		Countdown: 3 * time.Second, Question: 10 * time.Second, Pause: 2 * time.Second,
		Resend: 5 * time.Second, MaxSends: 11, Grace: 5 * time.Second, TTL: 30 * time.Minute,
		KeepOver: 3 * time.Minute, ClaimTimeout: 5 * time.Second,
	}
}

// Phase is where a room stands.
type Phase string

// The phases of a room. A self-paced game is open all the time; a paced one goes from countdown to question to pause to
// question, and so on.
const (
	Invited   Phase = "invited"
	Open      Phase = "open"
	Countdown Phase = "countdown"
	Asking    Phase = "question"
	Pausing   Phase = "pause"
	Over      Phase = "over"
)

// Mode is who sets the pace of a game; empty until that is decided.
type Mode string

// The modes.
const (
	SelfPaced Mode = "self"
	Paced     Mode = "paced"
)

// Why a room is over.
const (
	Finished = "finished"
	Forfeit  = "forfeit"
	Declined = "declined"
	Expired  = "expired"
)

// Points for a right answer.
const (
	pointsCorrect = 100
	maxSpeedBonus = 100 // more at most, for being fast
)

// Room is the state of a room. Times are milliseconds of the clock of whoever calls.
type Room struct {
	ID        string               `json:"id"`
	Phase     Phase                `json:"phase"`
	Mode      Mode                 `json:"mode,omitempty"`
	Match     bool                 `json:"match,omitempty"` // of a general match, which came with some of the questions
	Players   []Player             `json:"players"`
	Set       wire.ID              `json:"set,omitzero"` // the questionnaire; of a friend match the first one asked for
	Limit     int                  `json:"limit,omitempty"`
	Questions []questions.Question `json:"questions,omitempty"`
	Index     int                  `json:"index"`             // of the current question of a paced game
	At        int64                `json:"at,omitempty"`      // when the phase is over; 0 if only players end it
	Ends      int64                `json:"ends"`              // when the room is, whatever happens
	Sent      int                  `json:"sent,omitempty"`    // of an invitation
	Invited   int64                `json:"invited,omitempty"` // when a friend match was asked for
	Claimed   int64                `json:"claimed,omitempty"` // until when somebody is about to accept: all else waits
	Reason    string               `json:"reason,omitempty"`  // why it is over
}

// Player is somebody who plays.
type Player struct {
	ID        wire.ID           `json:"id"` // as the player writes it
	SID       string            `json:"sid"`
	Started   bool              `json:"started,omitempty"` // wants a paced game
	Answers   map[string]Answer `json:"answers,omitempty"` // by question
	Score     int               `json:"score"`
	Correct   int               `json:"correct"`
	Away      int64             `json:"away,omitempty"`      // until when they may be; 0 while they are here
	Forfeited bool              `json:"forfeited,omitempty"` // no longer takes part
	Left      bool              `json:"left,omitempty"`      // will not come back to this room
	Leaving   bool              `json:"leaving,omitempty"`   // leaves as soon as the invitation is accepted or not
}

// Answer is how a question was answered.
type Answer struct {
	Correct bool `json:"correct"`
	Score   int  `json:"score"`
}

// Message is something a player is told.
type Message struct {
	To    string
	Event string
	Data  any
}

// Deal chooses questions of a questionnaire. surprise leaves out those that were sent along with the match.
type Deal func(set string, n int, surprise bool) ([]questions.Question, error)

// Change is one change of a room.
type Change struct {
	*Room
	Config   Config
	Deal     Deal
	Now      int64 // ms
	Messages []Message
	// NotAfter is set if what was done counts only until then (ms).
	NotAfter int64
}

// player finds one of the players; others may not know that there is such a room.
func (r *Room) player(name string) (*Player, error) {
	for i := range r.Players {
		if r.Players[i].ID.Name == name {
			return &r.Players[i], nil
		}
	}
	return nil, wire.Errorf(wire.CodeNotFound, "there is no such room")
}

// Names are those of the players.
func (r *Room) Names() []string {
	names := make([]string, len(r.Players))
	for i := range r.Players {
		names[i] = r.Players[i].ID.Name
	}
	return names
}

// Has says whether somebody is one of the players.
func (r *Room) Has(name string) bool { return slices.Contains(r.Names(), name) }

// Seated are those who hold a seat: who have something to lose.
func (r *Room) Seated() []string {
	var names []string
	for i := range r.Players {
		if p := &r.Players[i]; r.Phase != Over && !p.Forfeited && !p.Left {
			names = append(names, p.ID.Name)
		}
	}
	return names
}

// Closed says whether the room is over and all have left.
func (r *Room) Closed() bool {
	return r.Phase == Over && !slices.ContainsFunc(r.Players, func(p Player) bool { return !p.Left })
}

// WakeAt is when the room needs a Tick; 0 if never.
func (r *Room) WakeAt() int64 {
	if r.Phase == Over {
		return 0
	}
	if r.Claimed > 0 {
		return r.Claimed
	}
	at := r.Ends
	if r.At > 0 {
		at = min(at, r.At)
	}
	for i := range r.Players {
		if away := r.Players[i].Away; away > 0 {
			at = min(at, away)
		}
	}
	return at
}

// Identify takes over how a player who does something is called and connected.
func (t *Change) Identify(id wire.ID, sid string) error {
	p, err := t.player(id.Name)
	if err != nil {
		return err
	}
	p.ID = id
	if sid != "" {
		p.SID = sid
	}
	return nil
}

// broadcast tells all who take part, but one.
func (t *Change) broadcast(but, event string, data any) {
	for i := range t.Players {
		if p := &t.Players[i]; p.ID.Name != but && !p.Forfeited && !p.Left {
			t.Messages = append(t.Messages, Message{p.ID.Name, event, data})
		}
	}
}

// after is so long from now.
func (t *Change) after(d time.Duration) int64 { return t.Now + d.Milliseconds() }
