package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// frame is a message of the server. The event determines the form of the data.
type frame struct {
	Event string          `json:"event"`
	ID    any             `json:"id"` // of the message that this answers
	Seq   string          `json:"seq"`
	Data  json.RawMessage `json:"data"`
}

// status is the server's message about a request.
type status struct {
	Status         string `json:"status"`
	Reason         string `json:"reason"`
	TicketID       string `json:"ticketId"`
	NextTickMs     *int64 `json:"nextTickMs"`
	MatchID        string `json:"matchId"`
	RoomID         string `json:"roomId"`
	QuestionaireID string `json:"questionaireId"`
	WaitedMs       int64  `json:"waitedMs"`

	User1 *user           `json:"user1"`
	User2 *user           `json:"user2"`
	User3 json.RawMessage `json:"user3"` // if there are more than two
}

// user is a player of a match.
type user struct {
	ID any `json:"id"`
}

// hear handles one event. Events of games are none of this program's business.
func (s *overSockets) hear(ctx context.Context, p *player, f *frame) error {
	switch f.Event {
	case "match_status":
		return s.hearStatus(p, f.Data)
	case "cancel_request_general_match_status":
		var answer status
		if err := json.Unmarshal(f.Data, &answer); err != nil {
			return err
		}
		if answer.Status == "CANCEL_REQUEST_COMPLETE" {
			s.hasEnded(p, "cancelled")
		} // else the outcome was told, or comes
	case "state":
		var now struct {
			Ticket *json.RawMessage `json:"ticket"`
			Match  *json.RawMessage `json:"match"`
		}
		if err := json.Unmarshal(f.Data, &now); err != nil {
			return err
		}
		if told := cmp.Or(now.Ticket, now.Match); told != nil {
			if err := s.hearStatus(p, *told); err != nil {
				return err
			}
		}
		if s.stateOf(p) == asking { // the request was lost with the connection, or that is the match before
			return s.request(p, recovery)
		}
		s.isBack(p)
	case "error":
		var refused refusal
		if err := json.Unmarshal(f.Data, &refused); err != nil {
			return err
		}
		s.fails(p, refused.Code, refused.Message)
		if f.ID == recovery {
			return s.recoverLater(ctx, p)
		}
	}
	return nil
}

func (s *overSockets) hearStatus(p *player, data json.RawMessage) error {
	var now status
	if err := json.Unmarshal(data, &now); err != nil {
		return err
	}
	switch now.Status {
	case "PUSHED_TO_QUEUE":
		next := time.Duration(-1)
		if now.NextTickMs != nil {
			next = time.Duration(*now.NextTickMs) * time.Millisecond
		}
		s.isQueued(p, now.TicketID, next)
	case "DUPLICATED_USER_ID":
		s.isDuplicate(p, now.TicketID)
	case "MATCHED":
		players, err := usersOf(&now, data)
		if err != nil {
			return err
		}
		m := told{id: now.MatchID, room: now.RoomID, queue: now.QuestionaireID, players: players}
		s.isMatched(p, m, time.Duration(now.WaitedMs)*time.Millisecond, time.Time{})
	case "EXPIRED":
		s.hasEnded(p, "expired")
	case "CANCELLED":
		s.hasEnded(p, outcome("cancelled", now.Reason))
	}
	return nil
}

// outcome is the outcome of a ticket that ended for a reason.
func outcome(state, reason string) string {
	if reason == "" || reason == "requested" {
		return state
	}
	return reason
}

// usersOf returns the ids of user1, user2 and so on. Players of other programs may have numbers.
func usersOf(now *status, data json.RawMessage) ([]string, error) {
	if now.User3 == nil && now.User1 != nil && now.User2 != nil { // a pair, as most are: the data is read once
		return []string{fmt.Sprint(now.User1.ID), fmt.Sprint(now.User2.ID)}, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	var players []string
	for key, value := range fields {
		if !strings.HasPrefix(key, "user") {
			continue
		}
		var one user
		if err := json.Unmarshal(value, &one); err != nil {
			return nil, err
		}
		players = append(players, fmt.Sprint(one.ID))
	}
	return players, nil
}
