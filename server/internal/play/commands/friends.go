package commands

import (
	"context"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type friendPayload struct {
	UserID       *wire.ID `json:"userId"`
	FriendUserID wire.ID  `json:"friendUserId"`
}

// participant binds the connection and returns its player, as games know players.
func (h *Handlers) participant(ctx context.Context, s *sessions.Session, named *wire.ID) (quiz.Participant, error) {
	player, err := h.bind(ctx, s, named)
	return quiz.Participant{ID: player, SID: s.SID}, err
}

// requestFriend invites a friend. An invitation counts as a ticket for rate limits.
func (h *Handlers) requestFriend(ctx context.Context, s *sessions.Session, p *friendPayload) (Reply, error) {
	player, err := h.participant(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	if err := h.Intake.For(s.Identity).Limits.Ticket(ctx, s.Address, player.ID.Name); err != nil {
		return Reply{}, err
	}
	users, err := h.Games.Invite(ctx, player, p.FriendUserID)
	switch {
	case err != nil:
		return Reply{}, err
	case users == nil:
		return reply(quiz.InvitationEvent, map[string]string{"status": "NO_FRIEND_IN_CONNECTION_QUEUE"}), nil
	default:
		if room, ok := users["roomId"].(string); ok {
			s.NoteRoom(room, quiz.IsInvited)
		}
		return reply("", users), nil
	}
}

type invitationPayload struct {
	UserID *wire.ID `json:"userId"`
	RoomID string   `json:"roomId"`
}

// participantIn is participant for an event that must name a room.
func (h *Handlers) participantIn(ctx context.Context, s *sessions.Session, userID *wire.ID, room string) (quiz.Participant, error) {
	if room == "" {
		return quiz.Participant{}, wire.Errorf(wire.CodeInvalid, "roomId is missing")
	}
	return h.participant(ctx, s, userID)
}

// acceptFriend accepts an invitation.
func (h *Handlers) acceptFriend(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	users, err := h.Games.Accept(ctx, p.RoomID, player)
	if err != nil {
		return Reply{}, err
	}
	s.NoteRoom(p.RoomID, quiz.Playing)
	return reply("created_friend_match", users), nil
}

// declineFriend declines an invitation.
func (h *Handlers) declineFriend(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	player, err := h.participantIn(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	refused, err := h.Games.Decline(ctx, p.RoomID, player)
	if err != nil {
		return Reply{}, err
	}
	s.NoteRoom(p.RoomID, quiz.IsOver)
	return reply("friend_request_declined", refused), nil
}
