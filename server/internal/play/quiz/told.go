package quiz

import (
	"bytes"
	"encoding/json"
)

// Standing is how a room stands for a client, as far as the client was told.
type Standing int

// The standings. A room that is over for the client stays over.
const (
	Unknown   Standing = iota
	InMatch            // a match was made, and its room may not be open yet
	IsInvited          // an invitation of the player, or to the player, is open
	Playing            // the game is open
	IsOver
)

// Lost is the reason of a room's end that Redis no longer has.
const Lost = "lost"

// Told returns how a room stands for a client that is pushed an event; Unknown for an event that does not say so.
func Told(event string, data json.RawMessage) (room string, now Standing) {
	switch event {
	case "match_status":
		return roomOfMatch(data)
	case InvitationEvent:
		now = IsInvited
	case "created_friend_match", "question_started":
		now = Playing
	case declinedEvent, overEvent:
		now = IsOver
	default:
		return "", Unknown
	}
	var named struct {
		RoomID string `json:"roomId"`
	}
	if json.Unmarshal(data, &named) != nil || named.RoomID == "" {
		return "", Unknown
	}
	return named.RoomID, now
}

// roomOfMatch finds the room of a match in its news, which are too long to be decoded for each player. The first roomId is
// that of the match, and not one in a player's attributes.
func roomOfMatch(data json.RawMessage) (room string, now Standing) {
	_, rest, found := bytes.Cut(data, []byte(`"roomId":"`))
	id, _, ends := bytes.Cut(rest, []byte(`"`))
	if !found || !ends {
		return "", Unknown
	}
	return string(id), InMatch
}

// StandingOf is how a room stands for one of its players.
func (r *Room) StandingOf(name string) Standing {
	p, err := r.player(name)
	switch {
	case err != nil:
		return Unknown
	case r.Phase == Over || p.Left || !p.plays():
		return IsOver
	case r.Phase == Invited:
		return IsInvited
	default:
		return Playing
	}
}

// LostNews tells a client that Redis no longer has a room.
func LostNews(room string, was Standing) (event string, data any) {
	if was == IsInvited {
		return declinedEvent, Refused{room, Lost}
	}
	return overEvent, resultsPayload{RoomID: room, Results: []Result{}, Reason: Lost}
}
