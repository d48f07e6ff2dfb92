package main

import (
	"encoding/json"

	"github.com/matchq/matchq/matchq/presence"
)

// duel is the document of a room: the state of one game.
type duel struct {
	Players []string          `json:"players"`
	Moves   map[string]string `json:"moves"`            // of this round; secret until both have moved
	Winner  string            `json:"winner,omitempty"` // once it is over
	Left    string            `json:"left,omitempty"`   // who went away, if that ended it
}

var beats = map[string]string{"rock": "scissors", "scissors": "paper", "paper": "rock"}

// move plays a move, which may come again after a connection broke. It returns the event that both players are told.
func (d *duel) move(player, move string) (event string) {
	if beats[move] == "" || d.Moves[player] != "" {
		return ""
	}
	d.Moves[player] = move
	one, two := d.Players[0], d.Players[1]
	switch first, second := d.Moves[one], d.Moves[two]; {
	case first == "" || second == "":
		return "moved"
	case first == second:
		clear(d.Moves)
		return "draw"
	case beats[first] == second:
		d.Winner = one
	default:
		d.Winner = two
	}
	return "over"
}

// leave ends the duel for a player who is gone.
func (d *duel) leave(player string) (event string) {
	d.Left, d.Winner = player, d.Players[0]
	if d.Winner == player {
		d.Winner = d.Players[1]
	}
	return "over"
}

// seenBy is the view of a player: of the moves only the player's own, until the duel is over.
func (d *duel) seenBy(player string) duel {
	seen := *d
	if move := d.Moves[player]; d.Winner == "" && move != "" {
		seen.Moves = map[string]string{player: move}
	} else if d.Winner == "" {
		seen.Moves = nil
	}
	return seen
}

// event is the message to a player who comes back.
func (d *duel) event() string {
	if d.Winner != "" {
		return "over"
	}
	return "begin"
}

// tell is an event for some players.
func (d *duel) tell(event string, players ...string) (all []presence.Message) {
	for _, player := range players {
		all = append(all, presence.Message{Player: player, Event: event, Data: encode(d.seenBy(player))})
	}
	return all
}

func encode(d duel) json.RawMessage {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it has only texts
	}
	return text
}
