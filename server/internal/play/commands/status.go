package commands

import (
	"context"

	"github.com/matchq/matchq/server/internal/play/sessions"
)

type noPayload struct{}

// checkSocketID answers with the connection's id.
func (h *Handlers) checkSocketID(_ context.Context, s *sessions.Session, _ *noPayload) (Reply, error) {
	return reply("notify_socket_id", map[string]string{"sid": s.SID}), nil
}

// connectionStatus answers with the number of tickets of each queue.
func (h *Handlers) connectionStatus(ctx context.Context, _ *sessions.Session, _ *noPayload) (Reply, error) {
	queues, err := h.Queues.All(ctx)
	if err != nil {
		return Reply{}, err
	}
	waiting := make(map[string]int, len(queues))
	for _, q := range queues {
		waiting[q.Name] = q.Waiting
	}
	return reply("connection_status", waiting), nil
}
