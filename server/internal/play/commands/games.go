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
func (h *Handlers) requestQuestion(ctx context.Context, s *sessions.Session, p *gamePayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	dealt, err := h.Games.Request(ctx, p.RoomID, player, p.wish())
	if err != nil {
		return Reply{}, err
	}
	s.NoteRoom(p.RoomID, quiz.Playing)
	return reply("get_match_question", dealt), nil
}

// startGame asks for a game that the server paces.
func (h *Handlers) startGame(ctx context.Context, s *sessions.Session, p *gamePayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	if err := h.Games.Start(ctx, p.RoomID, player, p.wish()); err != nil {
		return Reply{}, err
	}
	s.NoteRoom(p.RoomID, quiz.Playing)
	return Reply{}, nil
}

type choicePayload struct {
	UserID         *wire.ID        `json:"userId"`
	RoomID         string          `json:"roomId"`
	QuestionItemID wire.ID         `json:"questionItemId"`
	Answer         json.RawMessage `json:"answer"`
}

// sendAnswer answers a question.
func (h *Handlers) sendAnswer(ctx context.Context, s *sessions.Session, p *choicePayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	result, err := h.Games.Answer(ctx, p.RoomID, player, p.QuestionItemID, p.Answer)
	if err != nil {
		return Reply{}, err
	}
	return reply("get_answer_result", result), nil
}

// endGame leaves a room for good.
func (h *Handlers) endGame(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	if err := h.Games.Leave(ctx, p.RoomID, player); err != nil {
		return Reply{}, err
	}
	s.NoteRoom(p.RoomID, quiz.IsOver)
	return Reply{}, nil
}

// roomState adds the player's invitations and game to a state.
func (h *Handlers) roomState(ctx context.Context, player wire.ID, state map[string]any) error {
	found, err := h.Games.State(ctx, player.Name)
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
