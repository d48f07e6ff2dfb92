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

// who is the player of a connection, as a game knows them.
func (e *Events) who(ctx context.Context, s *sessions.Session, named *wire.ID) (quiz.Who, error) {
	player, err := e.bind(ctx, s, named)
	return quiz.Who{ID: player, SID: s.SID}, err
}

// requestFriend invites a friend. An invitation counts as a ticket for rate limits.
func (e *Events) requestFriend(ctx context.Context, s *sessions.Session, p *friendPayload) (Reply, error) {
	who, err := e.who(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	limits := e.Intake.For(s.Who).Limits
	if err := limits.Address(ctx, s.Address, 1); err != nil {
		return Reply{}, err
	}
	if err := limits.Player(ctx, who.ID.Name); err != nil {
		return Reply{}, err
	}
	users, err := e.Rooms.Invite(ctx, who, p.FriendUserID)
	switch {
	case err != nil:
		return Reply{}, err
	case users == nil:
		return reply(quiz.InvitationEvent, map[string]string{"status": "NO_FRIEND_IN_CONNECTION_QUEUE"}), nil
	default:
		return reply("", users), nil
	}
}

type invitationPayload struct {
	UserID *wire.ID `json:"userId"`
	RoomID string   `json:"roomId"`
}

// room is who does something in which room.
func (e *Events) room(ctx context.Context, s *sessions.Session, userID *wire.ID, room string) (quiz.Who, error) {
	if room == "" {
		return quiz.Who{}, wire.Errorf(wire.CodeInvalid, "roomId is missing")
	}
	return e.who(ctx, s, userID)
}

// acceptFriend accepts an invitation.
func (e *Events) acceptFriend(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	who, err := e.room(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	users, err := e.Rooms.Accept(ctx, p.RoomID, who)
	if err != nil {
		return Reply{}, err
	}
	return reply("created_friend_match", users), nil
}

// declineFriend declines an invitation.
func (e *Events) declineFriend(ctx context.Context, s *sessions.Session, p *invitationPayload) (Reply, error) {
	who, err := e.room(ctx, s, p.UserID, p.RoomID)
	if err != nil {
		return Reply{}, err
	}
	refused, err := e.Rooms.Decline(ctx, p.RoomID, who)
	if err != nil {
		return Reply{}, err
	}
	return reply("friend_request_declined", refused), nil
}
