// Package commands handles the events that clients send by a connection of any protocol: one handler an event.
package commands

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/turns"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/games"
	"github.com/matchq/matchq/server/internal/play/intake"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Handlers are the handlers of all events, with their dependencies.
type Handlers struct {
	Matcher  *matchq.Matcher
	Tickets  *gather.Group[string, matchq.Result]                      // GatherTickets
	Missed   *gather.Group[presence.MailboxRead, presence.MailboxPart] // GatherMailboxes
	Intake   *intake.Intake
	Turns    *turns.Turns // of the events of all clients
	Queues   *queuecache.Cache
	Sessions *sessions.Registry
	Games    *games.Games
	Notifier *notify.Notifier // writes news of tickets
	Grace    time.Duration
	Log      *slog.Logger
}

// Reply is the event that answers the client; the acknowledgement, if the client asked for one, has the same data. An
// empty Reply is only acknowledged.
type Reply struct {
	Event string
	Data  json.RawMessage
}

func reply(event string, payload any) Reply { return Reply{event, wire.Encode(payload)} }

// handler handles one event of a client.
type handler func(h *Handlers, ctx context.Context, s *sessions.Session, data json.RawMessage) (Reply, error)

// table has the handlers by event.
var table = map[string]handler{
	"check_socket_id":              on((*Handlers).checkSocketID),
	"connection_queue":             on((*Handlers).connectionQueue),
	"create_general_game_match":    on((*Handlers).createMatch),
	"cancel_request_general_match": on((*Handlers).cancelRequest),
	"get_connection_status":        on((*Handlers).connectionStatus),
	"resume":                       on((*Handlers).resume),
	"get_state":                    on((*Handlers).getState),
	"accept_match":                 on((*Handlers).acceptMatch),
	"decline_match":                on((*Handlers).declineMatch),
	"request_friend_game_matching": on((*Handlers).requestFriend),
	"accept_friend_request":        on((*Handlers).acceptFriend),
	"decline_friend_request":       on((*Handlers).declineFriend),
	"request_question":             on((*Handlers).requestQuestion),
	"start_game":                   on((*Handlers).startGame),
	"send_answer":                  on((*Handlers).sendAnswer),
	"end_game_playing":             on((*Handlers).endGame),
}

// sent are the events that the server sends, as answers or pushes. README describes them, and a test holds it against
// this list.
var sent = []string{
	"notify_socket_id", notify.StatusEvent, notify.ProposedEvent, notify.AssignedEvent, "cancel_request_general_match_status", "connection_status",
	"resumed", "state", "ack", "error",
	quiz.InvitationEvent, "created_friend_match", "friend_request_declined", "get_match_question", "get_answer_result",
	"game_starting", "question_started", "question_closed", "game_over", "opponent_away", "opponent_back",
}

// Names returns the events of clients and those of the server, each sorted.
func Names() (handled, sends []string) {
	return slices.Sorted(maps.Keys(table)), slices.Sorted(slices.Values(sent))
}

// on decodes the payload for a handler.
func on[P any](handle func(*Handlers, context.Context, *sessions.Session, *P) (Reply, error)) handler {
	return func(h *Handlers, ctx context.Context, s *sessions.Session, data json.RawMessage) (Reply, error) {
		payload := new(P)
		if len(data) > 0 {
			if err := wire.DecodeLenient(data, payload); err != nil {
				return Reply{}, wire.Errorf(wire.CodeInvalid, "%v", err)
			}
		}
		return handle(h, ctx, s, payload)
	}
}

// Handle handles one event. The caller brackets it, and the sending of its reply, with Session.BeginRequest and
// EndRequest. A handler that panics fails alone.
func (h *Handlers) Handle(ctx context.Context, s *sessions.Session, event string, data json.RawMessage) (r Reply, f *wire.Error) {
	handle, ok := table[event]
	if !ok {
		return Reply{}, wire.Errorf(wire.CodeUnknownEvent, "unknown event %q", wire.Shorten(event))
	}
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("a handler panicked", "event", event, "panic", p, "stack", string(debug.Stack()))
			f = wire.Errorf(wire.CodeInternal, "internal error")
		}
	}()
	err := h.Turns.DoApart(ctx, func() (err error) {
		r, err = handle(h, ctx, s, data)
		return err
	})
	if err != nil {
		f = wire.ErrorOf(err)
		if f.Code == wire.CodeInternal {
			h.Log.Error("an event failed", "event", event, "error", err)
		}
	}
	return r, f
}
