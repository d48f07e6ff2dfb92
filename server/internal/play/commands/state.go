package commands

import (
	"context"
	"errors"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// getState answers with the player's ticket, match, invitations and game.
func (h *Handlers) getState(ctx context.Context, s *sessions.Session, p *userPayload) (Reply, error) {
	player, err := h.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	state := map[string]any{}
	if err := h.ticketState(ctx, s, player, state); err != nil {
		return Reply{}, err
	}
	if err := h.roomState(ctx, player, state); err != nil {
		return Reply{}, err
	}
	return reply("state", state), nil
}

// ticketState adds the player's latest ticket to a state, with the payloads of match_status and match_proposed: as
// ticket while it lives, as match once there is one.
func (h *Handlers) ticketState(ctx context.Context, s *sessions.Session, player wire.ID, state map[string]any) error {
	t, err := h.ticketOf(ctx, player.Name)
	if errors.Is(err, matchq.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch t.State {
	case matchq.Waiting, matchq.Proposed:
		s.SetTicket(t.ID)
		state["ticket"] = h.queuedStatus(ctx, &t)
		if t.Match != nil {
			state["match"] = answerWith(s, notify.Proposed(&t, t.Match)).Data
		}
	case matchq.Matched:
		s.MarkKnown(notify.EndKey(&t))
		over, err := h.Games.IsOver(ctx, t.Match.Room, player.Name)
		if err != nil || over || notify.IsReleased(&t) {
			return err
		}
		s.NoteRoom(t.Match.Room, quiz.InMatch)
		state["match"] = h.Notifier.Ended(ctx, &t).Data
	default: // a ticket that ended without a match is over
	}
	return nil
}
