package commands

import (
	"context"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type answerPayload struct {
	UserID  *wire.ID `json:"userId"`
	MatchID string   `json:"matchId"`
}

// answered is the acknowledgement. Everything else comes as match_status, to all players of the match.
type answered struct {
	MatchID string       `json:"matchId"`
	State   matchq.State `json:"state"`
}

// acceptMatch accepts a match that was proposed to the player.
func (h *Handlers) acceptMatch(ctx context.Context, s *sessions.Session, p *answerPayload) (Reply, error) {
	player, err := h.answeringPlayer(ctx, s, p)
	if err != nil {
		return Reply{}, err
	}
	match, err := h.Matcher.Accept(ctx, p.MatchID, player.Name)
	if err != nil {
		return Reply{}, err
	}
	return reply("", answered{match.ID, match.State}), nil
}

// declineMatch declines it.
func (h *Handlers) declineMatch(ctx context.Context, s *sessions.Session, p *answerPayload) (Reply, error) {
	player, err := h.answeringPlayer(ctx, s, p)
	if err != nil {
		return Reply{}, err
	}
	if err := h.Matcher.Decline(ctx, p.MatchID, player.Name); err != nil {
		return Reply{}, err
	}
	return reply("", answered{p.MatchID, matchq.Cancelled}), nil
}

// answeringPlayer binds the connection for an answer to a match.
func (h *Handlers) answeringPlayer(ctx context.Context, s *sessions.Session, p *answerPayload) (wire.ID, error) {
	if p.MatchID == "" {
		return wire.ID{}, wire.Errorf(wire.CodeInvalid, "matchId is missing")
	}
	return h.bind(ctx, s, p.UserID)
}
