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

type userPayload struct {
	UserID *wire.ID `json:"userId"`
}

// connectionQueue says that the player is online. A player who comes back hears of the ticket.
func (h *Handlers) connectionQueue(ctx context.Context, s *sessions.Session, p *userPayload) (Reply, error) {
	player, err := h.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	t, err := h.catchUp(ctx, s, player)
	switch {
	case err != nil:
		return Reply{}, err
	case t == nil:
		return Reply{}, nil
	case t.State == matchq.Waiting:
		return h.queuedReply(ctx, t), nil
	case t.State == matchq.Proposed:
		return answerWith(s, notify.Proposed(t, t.Match)), nil
	default:
		return answerWith(s, h.Notifier.Ended(ctx, t)), nil
	}
}

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

// bind binds the connection to its player. A client that has named its player, or whose token does, may leave the name
// out.
func (h *Handlers) bind(ctx context.Context, s *sessions.Session, named *wire.ID) (wire.ID, error) {
	if named == nil {
		player, ok := s.Player()
		if !ok {
			player = wire.ID{Name: s.Identity.Player}
		}
		if player.Name == "" {
			return wire.ID{}, wire.Errorf(wire.CodeInvalid, "userId is missing: this connection has no player yet")
		}
		named = &player
	}
	if err := named.Check("userId"); err != nil {
		return wire.ID{}, err
	}
	if err := h.Sessions.Bind(ctx, s, *named); err != nil {
		return wire.ID{}, err
	}
	player, _ := s.Player()
	return player, nil
}

// catchUp returns the ticket that a player who connects must hear of: a live one, or one that ended while the player
// may have been away; nil if there is none.
func (h *Handlers) catchUp(ctx context.Context, s *sessions.Session, player wire.ID) (*matchq.Ticket, error) {
	t, err := h.ticketOf(ctx, player.Name)
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return nil, err
	}
	first := s.NeedsCatchUp()
	s.MarkCaughtUp()
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // no such ticket is an answer
	}
	if t.State == matchq.Waiting || t.State == matchq.Proposed {
		s.SetTicket(t.ID)
		return &t, nil
	}
	if !first || s.Knows(notify.EndKey(&t)) || t.EndedAgo > h.Grace || notify.IsReleased(&t) {
		return nil, nil //nolint:nilnil // as above
	}
	if t.Match != nil {
		s.NoteRoom(t.Match.Room, quiz.InMatch)
	}
	return &t, nil
}
