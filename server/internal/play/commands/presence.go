package commands

import (
	"context"
	"errors"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type resumePayload struct {
	UserID  *wire.ID `json:"userId"`
	LastSeq string   `json:"lastSeq"`
}

// resume sends the messages after the last one that the client has had.
func (h *Handlers) resume(ctx context.Context, s *sessions.Session, p *resumePayload) (Reply, error) {
	if _, err := h.bind(ctx, s, p.UserID); err != nil {
		return Reply{}, err
	}
	recovered, err := h.Resume(ctx, s, p.LastSeq, "")
	if err != nil {
		return Reply{}, err
	}
	return reply("resumed", map[string]bool{"recovered": recovered}), nil
}

// Resume replays a player's messages after lastSeq once the current request is answered, and reports whether none is
// missing: that message is still there, or the connection continues that of the same client; "" is no known client. A
// session whose token names the player need not have named one. It must be called between Session.BeginRequest and
// EndRequest.
func (h *Handlers) Resume(ctx context.Context, s *sessions.Session, lastSeq, client string) (recovered bool, err error) {
	player, err := h.bind(ctx, s, nil)
	if err != nil {
		return false, err
	}
	missed, err := h.Missed.Do(ctx, presence.MailboxRead{Player: player.Name, After: lastSeq})
	if err != nil {
		return false, err
	}
	s.Replay(missed.Messages)
	recovered = missed.Found || s.Continues(client) && len(missed.Messages) < presence.MailboxSize
	if recovered {
		s.MarkCaughtUp()
	}
	return recovered, nil
}

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
