package commands

import (
	"context"
	"encoding/json"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type gamePayload struct {
	UserID         *wire.ID `json:"userId"`
	RoomID         string   `json:"roomId"`
	QuestionaireID wire.ID  `json:"questionaireId"`
	Limit          int      `json:"limit"`
}

func (p *gamePayload) wish() quiz.Wish { return quiz.Wish{Set: p.QuestionaireID, Limit: p.Limit} }

// requestQuestion gives the questions of a self-paced game.
func (e *Handlers) requestQuestion(ctx context.Context, s *sessions.Session, p *gamePayload) (Reply, error) {
	who, err := e.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	dealt, err := e.Games.Request(ctx, p.RoomID, who, p.wish())
	if err != nil {
		return Reply{}, err
	}
	return reply("get_match_question", dealt), nil
}

// startGame asks for a game that the server paces.
func (e *Handlers) startGame(ctx context.Context, s *sessions.Session, p *gamePayload) (Reply, error) {
	who, err := e.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{}, e.Games.Start(ctx, p.RoomID, who, p.wish())
}

type choicePayload struct {
	UserID         *wire.ID        `json:"userId"`
	RoomID         string          `json:"roomId"`
	QuestionItemID wire.ID         `json:"questionItemId"`
	Answer         json.RawMessage `json:"answer"`
}

// sendAnswer answers a question.
func (e *Handlers) sendAnswer(ctx context.Context, s *sessions.Session, p *choicePayload) (Reply, error) {
	who, err := e.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	result, err := e.Games.Answer(ctx, p.RoomID, who, p.QuestionItemID, p.Answer)
	if err != nil {
		return Reply{}, err
	}
	return reply("get_answer_result", result), nil
}

// endGame leaves a room for good.
func (e *Handlers) endGame(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	who, err := e.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{}, e.Games.Leave(ctx, p.RoomID, who)
}

// roomState adds the player's invitations and game to a state.
func (e *Handlers) roomState(ctx context.Context, player wire.ID, state map[string]any) error {
	found, err := e.Games.State(ctx, player.Name)
	if err != nil {
		return err
	}
	if found.Invitations != nil {
		state["invitations"] = found.Invitations
	}
	if found.Room != nil {
		state["room"] = found.Room
	}
	return nil
}
