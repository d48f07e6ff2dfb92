package commands

import (
	"context"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/gather"
)

// maxLookups is how many lookups of a kind wait for a call. The turns bound them to less.
const maxLookups = 4096

// GatherTickets reads the latest tickets of players, in one call for those who come at the same time: a crowd that
// connects again. Most of it waits.
func GatherTickets(m *matchq.Matcher) *gather.Group[string, matchq.Result] {
	return &gather.Group[string, matchq.Result]{
		Ask: func(ctx context.Context, players []string) ([]matchq.Result, error) {
			return m.TicketsOf(ctx, players...)
		},
		Timeout: gather.Over(m.Config().Timeout), Most: 128, Room: maxLookups,
	}
}

// GatherMailboxes reads mailboxes, likewise.
func GatherMailboxes(m *matchq.Matcher, p *presence.Presence) *gather.Group[presence.MailboxRead, presence.MailboxPart] {
	return &gather.Group[presence.MailboxRead, presence.MailboxPart]{
		Ask: func(ctx context.Context, reads []presence.MailboxRead) ([]presence.MailboxPart, error) {
			return p.Mailboxes(ctx, reads...)
		},
		Timeout: gather.Over(m.Config().Timeout), Most: 32, Room: maxLookups,
	}
}

// ticketOf is matchq.Matcher.TicketOf.
func (h *Handlers) ticketOf(ctx context.Context, player string) (matchq.Ticket, error) {
	found, err := h.Tickets.Do(ctx, player)
	switch {
	case err != nil:
		return matchq.Ticket{}, err
	case found.Err == nil && found.Ticket.State != matchq.Waiting:
		return h.Matcher.TicketOf(ctx, player)
	default:
		return found.Ticket, found.Err
	}
}
