package commands

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/intake"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type createPayload struct {
	UserID         *wire.ID        `json:"userId"`
	QuestionaireID wire.ID         `json:"questionaireId"`
	Rating         float64         `json:"rating"`
	Attributes     json.RawMessage `json:"attributes"`
}

// createMatch queues the player. Somebody who comes back and was matched meanwhile is told that instead.
func (e *Handlers) createMatch(ctx context.Context, s *sessions.Session, p *createPayload) (Reply, error) {
	player, err := e.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	if s.NeedsCatchUp() {
		missed, err := e.catchUp(ctx, s, player)
		if err != nil {
			return Reply{}, err
		}
		if missed != nil && missed.State == matchq.Matched {
			return answerWith(s, e.Notifier.Ended(ctx, missed)), nil
		}
	}
	t, err := e.Intake.For(s.Identity).Enqueue(ctx, intake.Request{
		Queue: p.QuestionaireID, Player: player, SID: s.SID, Rating: p.Rating, Attributes: p.Attributes,
	}, s.Address)
	if duplicate, ok := errors.AsType[*matchq.DuplicateError](err); ok {
		return reply(notify.StatusEvent, notify.Duplicated(&duplicate.Ticket)), nil
	}
	if err != nil {
		return Reply{}, withWireNames(err)
	}
	s.SetTicket(t.ID)
	return e.queuedReply(ctx, &t), nil
}

// withWireNames names the fields as this protocol does.
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

// queuedReply tells that a ticket waits, and how many do in its queue.
func (e *Handlers) queuedReply(ctx context.Context, t *matchq.Ticket) Reply {
	return reply(notify.StatusEvent, e.queuedStatus(ctx, t))
}

func (e *Handlers) queuedStatus(ctx context.Context, t *matchq.Ticket) any {
	queue, err := e.Matcher.Queue(ctx, t.Queue)
	if err != nil {
		return notify.Queued(t, nil) // the ticket waits all the same
	}
	return notify.Queued(t, &queue)
}

// answerWith is the answer that tells a client some news, which then need no push.
func answerWith(s *sessions.Session, news notify.News) Reply {
	s.MarkKnown(news.Key)
	return Reply{news.Event, news.Data}
}

type userPayload struct {
	UserID *wire.ID `json:"userId"`
}

// connectionQueue says that the player is there. One who comes back is told how their ticket stands.
func (e *Handlers) connectionQueue(ctx context.Context, s *sessions.Session, p *userPayload) (Reply, error) {
	player, err := e.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	t, err := e.catchUp(ctx, s, player)
	switch {
	case err != nil:
		return Reply{}, err
	case t == nil:
		return Reply{}, nil
	case t.State == matchq.Waiting:
		return e.queuedReply(ctx, t), nil
	case t.State == matchq.Proposed:
		return answerWith(s, notify.Proposed(t, t.Match)), nil
	default:
		return answerWith(s, e.Notifier.Ended(ctx, t)), nil
	}
}

// cancelRequest takes the player out of the queue.
func (e *Handlers) cancelRequest(ctx context.Context, s *sessions.Session, p *userPayload) (Reply, error) {
	const event = "cancel_request_general_match_status"
	type outcome struct {
		Status  string `json:"status"`
		MatchID string `json:"matchId,omitempty"`
	}
	nobody := reply(event, outcome{Status: "NO_PLAYER_IN_QUEUE"})
	player, err := e.bind(ctx, s, p.UserID)
	if err != nil {
		return Reply{}, err
	}
	t, err := e.Matcher.TicketOf(ctx, player.Name)
	if errors.Is(err, matchq.ErrNotFound) || t.State == matchq.Cancelled {
		return nobody, nil
	}
	if err == nil {
		err = e.Matcher.Cancel(ctx, t.ID)
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

// bind makes the connection its player's. A client that has named or proven its player may leave the name out.
func (e *Handlers) bind(ctx context.Context, s *sessions.Session, named *wire.ID) (wire.ID, error) {
	if named == nil {
		player, ok := s.Player()
		if !ok {
			player = wire.ID{Name: s.Identity.Player}
		}
		if player.Name == "" {
			return wire.ID{}, wire.Errorf(wire.CodeInvalid, "userId is missing: this connection has not named its player yet")
		}
		named = &player
	}
	if err := named.Check("userId"); err != nil {
		return wire.ID{}, err
	}
	if err := e.Sessions.Bind(ctx, s, *named); err != nil {
		return wire.ID{}, err
	}
	player, _ := s.Player()
	return player, nil
}

// catchUp returns the ticket that a player who connects should hear of: one that lives, or one that ended while they
// may have been away; nil if there is none. Tickets that came by HTTP are told there.
func (e *Handlers) catchUp(ctx context.Context, s *sessions.Session, player wire.ID) (*matchq.Ticket, error) {
	t, err := e.Matcher.TicketOf(ctx, player.Name)
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return nil, err
	}
	first := s.NeedsCatchUp()
	s.MarkCaughtUp()
	if err != nil || !wire.OriginOf(&t).ByConnection() {
		return nil, nil //nolint:nilerr,nilnil // there is no such ticket, and that is an answer
	}
	if t.State == matchq.Waiting || t.State == matchq.Proposed {
		s.SetTicket(t.ID)
		return &t, nil
	}
	// This compares Redis's clock with ours. If they differ by more than the grace, something old may be told again, or
	// what was missed not at all.
	if !first || s.Knows(notify.EndKey(&t)) || time.Since(t.EndedAt) > e.Grace {
		return nil, nil //nolint:nilnil // as above
	}
	return &t, nil
}
