// Package quiz has the rules of a room: an invitation, then a game. It is pure: it takes a room, an action and the
// time, and returns the changed room and messages. The caller stores the room and sends the messages.
//
// Repeating an action changes nothing and gets the same answer, so callers may repeat it.
package quiz

import (
	"slices"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

// Config has the durations of invitations and games, in whole milliseconds.
type Config struct {
	Countdown    time.Duration // before the first question of a paced game
	Question     time.Duration // to answer each question of a paced game
	Pause        time.Duration // after a question of a paced game has closed, to read the answer
	Resend       time.Duration // between two sends of an invitation
	MaxSends     int           // sends of an invitation; it expires one Resend after the last
	Grace        time.Duration // how long a player may be away
	StartWait    time.Duration // for the others after start_game, before a player may leave without forfeiting
	TTL          time.Duration // of a game
	KeepOver     time.Duration // how long a room is kept after its end: longer than its match, or it would be opened anew
	ClaimTimeout time.Duration // between an invitation's lock and its room, and between claim and game
}

// Defaults are the times of the protocol.
func Defaults() Config {
	return Config{
		Countdown: 3 * time.Second, Question: 10 * time.Second, Pause: 2 * time.Second,
		Resend: 5 * time.Second, MaxSends: 11, Grace: 5 * time.Second, StartWait: 30 * time.Second, TTL: 30 * time.Minute,
		KeepOver: 3 * time.Minute, ClaimTimeout: 5 * time.Second,
	}
}

// Phase is the phase of a room.
type Phase string

// The phases. A self-paced game stays open; a paced one goes from countdown to question to pause to question, and so
// on.
const (
	Invited   Phase = "invited"
	Open      Phase = "open"
	Countdown Phase = "countdown"
	Asking    Phase = "question"
	Pausing   Phase = "pause"
	Over      Phase = "over"
)

// Mode is the pace of a game; empty until it is decided.
type Mode string

// The modes.
const (
	SelfPaced Mode = "self"
	Paced     Mode = "paced"
)

// Reasons of a room's end.
const (
	Finished = "finished"
	Forfeit  = "forfeit"
	Void     = "void" // a game without a winner: all were away, or it did not begin or end in time
	Declined = "declined"
	Expired  = "expired"
)

// Points for a right answer.
const (
	pointsCorrect = 100
	maxSpeedBonus = 100 // added for a fast answer

	// The last question of a paced game counts double, if the game has so many: who is behind can still win.
	questionsForDouble = 5
)

// Room is the state of a room. Times are milliseconds of the caller's clock.
type Room struct {
	ID        string               `json:"id"`
	Phase     Phase                `json:"phase"`
	Mode      Mode                 `json:"mode,omitempty"`
	Match     bool                 `json:"match,omitempty"` // of a match, which came with the first questions
	Players   []Player             `json:"players"`
	Set       wire.ID              `json:"set,omitzero"` // the questionnaire; in a friend match the first one asked for
	Limit     int                  `json:"limit,omitempty"`
	Questions []questions.Question `json:"questions,omitempty"`
	Index     int                  `json:"index"`             // of the current question of a paced game
	At        int64                `json:"at,omitempty"`      // end of the phase; 0 if only players end it
	Ends      int64                `json:"ends"`              // latest end of the room
	Sent      int                  `json:"sent,omitempty"`    // sends of an invitation
	Invited   int64                `json:"invited,omitempty"` // when the invitation was made
	Claimed   int64                `json:"claimed,omitempty"` // end of a claim to accept the invitation, during which nothing else ends it
	Reason    string               `json:"reason,omitempty"`  // of the end
}

// Player is a player of a room.
type Player struct {
	ID        wire.ID           `json:"id"` // as the player writes it
	SID       string            `json:"sid"`
	Started   bool              `json:"started,omitempty"`    // wants a paced game
	StartedAt int64             `json:"started_at,omitempty"` // since when
	Answers   map[string]Answer `json:"answers,omitempty"`    // by question id
	Score     int               `json:"score"`
	Correct   int               `json:"correct"`
	Away      int64             `json:"away,omitempty"`      // end of the grace; 0 while the player is online
	Forfeited bool              `json:"forfeited,omitempty"` // has lost the game by leaving it
	Excused   bool              `json:"excused,omitempty"`   // has left the game, which did not begin, after a long wait
	Left      bool              `json:"left,omitempty"`      // will not come back to this room
	Leaving   bool              `json:"leaving,omitempty"`   // leaves once the invitation is accepted or not
	Breaks    int               `json:"breaks,omitempty"`    // of the connection, since BreaksAt
	BreaksAt  int64             `json:"breaks_at,omitempty"`
	Untold    bool              `json:"untold,omitempty"` // the others were not told of the break that lasts
}

// Answer is the result of an answer.
type Answer struct {
	Correct bool `json:"correct"`
	Score   int  `json:"score"`
	Choice  *int `json:"choice,omitempty"` // none in rooms that an earlier version stored
}

// Message is an event for a player.
type Message struct {
	To    string
	Event string
	Data  any
}

// Deal chooses questions of a questionnaire. surprise leaves out the questions that came with the match.
type Deal func(set string, n int, surprise bool) ([]questions.Question, error)

// Change is one change of a room. Its methods are the actions.
type Change struct {
	*Room
	Config   Config
	Deal     Deal
	Now      int64 // in ms
	Messages []Message
	// Since is from when on the players could come back to a server (ms): a grace lasts after that.
	Since int64
	// Alone is set if the change counts only while this player plays no other game.
	Alone string
	// NotAfter is set if the change counts only when it is stored by then (ms).
	NotAfter int64
}

// player finds a player. For others the room must look as if it did not exist.
func (r *Room) player(name string) (*Player, error) {
	for i := range r.Players {
		if r.Players[i].ID.Name == name {
			return &r.Players[i], nil
		}
	}
	return nil, wire.Errorf(wire.CodeNotFound, "unknown room")
}

// Names returns the players' names.
func (r *Room) Names() []string {
	names := make([]string, len(r.Players))
	for i := range r.Players {
		names[i] = r.Players[i].ID.Name
	}
	return names
}

// Has reports whether a name is a player's.
func (r *Room) Has(name string) bool { return slices.Contains(r.Names(), name) }

// plays reports whether a player takes part in the game.
func (p *Player) plays() bool { return !p.Forfeited && !p.Excused }

// Closed reports whether the room is over and all players have left.
func (r *Room) Closed() bool {
	return r.Phase == Over && !slices.ContainsFunc(r.Players, func(p Player) bool { return !p.Left })
}

// WakeAt is when the room needs a Tick; 0 for never.
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

// Identify updates a player's id and connection to those of the action.
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

// broadcast sends an event to all players who take part, except one.
func (t *Change) broadcast(but, event string, data any) {
	for i := range t.Players {
		if p := &t.Players[i]; p.ID.Name != but && p.plays() && !p.Left {
			t.Messages = append(t.Messages, Message{p.ID.Name, event, data})
		}
	}
}

// after is the time after d.
func (t *Change) after(d time.Duration) int64 { return t.Now + d.Milliseconds() }
