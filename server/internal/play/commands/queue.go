package commands

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/intake"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type createPayload struct {
	UserID         *wire.ID        `json:"userId"`
	QuestionaireID wire.ID         `json:"questionaireId"`
	Rating         *float64        `json:"rating"`
	Attributes     json.RawMessage `json:"attributes"`
}

// createMatch queues the player. A player who was matched while away hears of that match instead.
func (h *Handlers) createMatch(ctx context.Context, s *sessions.Session, p *createPayload) (Reply, error) {
	player, err := h.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	if s.NeedsCatchUp() {
		missed, err := h.catchUp(ctx, s, player)
		if err != nil {
			return Reply{}, err
		}
		if missed != nil && missed.State == matchq.Matched {
			return answerWith(s, h.Notifier.Ended(ctx, missed)), nil
		}
	}
	t, err := h.Intake.For(s.Identity).Enqueue(ctx, intake.Request{
		Queue: p.QuestionaireID, Player: player, SID: s.SID, Rating: p.Rating, Attributes: p.Attributes,
	}, s.Address)
	if duplicate, ok := errors.AsType[*matchq.DuplicateError](err); ok {
		s.SetTicket(duplicate.Ticket.ID)
		return reply(notify.StatusEvent, notify.Duplicated(&duplicate.Ticket)), nil
	}
	if err != nil {
		return Reply{}, withWireNames(err)
	}
	s.SetTicket(t.ID)
	return h.queuedReply(ctx, &t), nil
}

// withWireNames names the fields of an error as this protocol does.
func withWireNames(err error) error {
	var invalid *matchq.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	field := map[string]string{"queue": "questionaireId", "player": "userId"}[invalid.Field]
	if field == "" {
		return err
	}
	return wire.Errorf(wire.CodeInvalid, "%s %s", field, invalid.Problem)
}

// queuedReply says that a ticket waits, and how many tickets its queue has.
func (h *Handlers) queuedReply(ctx context.Context, t *matchq.Ticket) Reply {
	return reply(notify.StatusEvent, h.queuedStatus(ctx, t))
}

func (h *Handlers) queuedStatus(ctx context.Context, t *matchq.Ticket) any {
	queue, err := h.Queues.One(ctx, t.Queue)
	if err != nil {
		return notify.Queued(t, nil) // the ticket waits in any case
	}
	return notify.Queued(t, &queue)
}

// answerWith answers a client with news, which then needs no push.
func answerWith(s *sessions.Session, news notify.News) Reply {
	s.MarkKnown(news.Key)
	return Reply{news.Event, news.Data}
}

// cancelRequest cancels the player's ticket.
func (h *Handlers) cancelRequest(ctx context.Context, s *sessions.Session, p *userPayload) (Reply, error) {
	const event = "cancel_request_general_match_status"
	type outcome struct {
		Status  string `json:"status"`
		MatchID string `json:"matchId,omitempty"`
	}
	nobody := reply(event, outcome{Status: "NO_PLAYER_IN_QUEUE"})
	player, err := h.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	t, err := h.ticketOf(ctx, player.Name)
	if errors.Is(err, matchq.ErrNotFound) || t.State == matchq.Cancelled {
		return nobody, nil
	}
	if err == nil {
		err = h.Matcher.Cancel(ctx, t.ID, "")
	}
	var matched *matchq.MatchedError
	switch {
	case err == nil:
		s.MarkKnown(notify.EndKey(&t))
		return reply(event, outcome{Status: "CANCEL_REQUEST_COMPLETE"}), nil
	case errors.As(err, &matched):
		return reply(event, outcome{"ALREADY_MATCHED", matched.Match.ID}), nil
	case errors.Is(err, matchq.ErrExpired), errors.Is(err, matchq.ErrNotFound):
		return nobody, nil
	default:
		return Reply{}, err
	}
}
