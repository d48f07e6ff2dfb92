package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type noPayload struct{}

// checkSocketID answers with the connection's id.
func (h *Handlers) checkSocketID(_ context.Context, s *sessions.Session, _ *noPayload) (Reply, error) {
	return reply("notify_socket_id", map[string]string{"sid": s.SID}), nil
}

// connectionStatus answers with the number of tickets of each queue, at most maxStatus of them.
func (h *Handlers) connectionStatus(ctx context.Context, _ *sessions.Session, _ *noPayload) (Reply, error) {
	now, err := h.Queues.Now(ctx)
	if err != nil {
		return Reply{}, err
	}
	return Reply{"connection_status", queuecache.Derive(now, statusKey{}, encodeStatus)}, nil
}

// maxStatus is the number of queues in a status: those with most tickets.
const maxStatus = 1000

type statusKey struct{}

// encodeStatus encodes the status once for all clients.
func encodeStatus(queues []matchq.Queue) json.RawMessage {
	if len(queues) > maxStatus {
		queues = slices.Clone(queues)
		slices.SortFunc(queues, func(a, b matchq.Queue) int { return cmp.Compare(b.Waiting, a.Waiting) })
		queues = queues[:maxStatus]
	}
	waiting := make(map[string]int, len(queues))
	for i := range queues {
		waiting[queues[i].Name] = queues[i].Waiting
	}
	return wire.Encode(waiting)
}
