package matchq

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

// AuditDeep is Audit, and reads every list and every ticket too: each waiting or proposed ticket must be in its queue's
// lists, which hold counted tombstones besides; its queue must be listed; a proposed ticket must be in an open proposal.
// It is for tests and tools: it makes many calls, and adds up only while nobody enqueues, cancels or ticks. Errors:
// ErrUnavailable.
func (m *Matcher) AuditDeep(ctx context.Context) (AuditReport, error) {
	a, err := m.Audit(ctx)
	if err != nil {
		return a, err
	}
	tickets, err := space.ScanHash(ctx, m.space, space.Tickets, m.cfg.Limit)
	if err != nil {
		return a, err
	}
	counts := map[State]int64{}
	for _, value := range tickets {
		counts[State(codec.StateOf(value))]++
	}
	a.expect("waiting tickets stored", counts[Waiting], a.Waiting)
	a.expect("proposed tickets stored", counts[Proposed], a.Proposed)
	a.expect("ended tickets stored", counts[Matched]+counts[Cancelled]+counts[Expired],
		a.Matched+a.Cancelled+a.Expired-a.Forgotten)

	queues, err := m.Queues(ctx)
	if err != nil {
		return a, err
	}
	standing := map[string]bool{}
	for _, queue := range queues {
		live, err := m.auditQueue(ctx, queue.Name, tickets, standing)
		if err != nil {
			return a, err
		}
		a.expect(fmt.Sprintf("queue %q: waiting", queue.Name), int64(queue.Waiting), live[Waiting])
		a.expect(fmt.Sprintf("queue %q: proposed", queue.Name), int64(queue.Proposed), live[Proposed])
	}
	for id, value := range tickets {
		if state := State(codec.StateOf(value)); (state == Waiting || state == Proposed) && !standing[id] {
			a.Problems = append(a.Problems, fmt.Sprintf("ticket %s is %s and is in no list of its queue: %q", id, state, value))
		}
	}
	return a, m.auditProposals(ctx, tickets, &a)
}

// auditProposals compares the tickets that are proposed with the proposals that are open.
func (m *Matcher) auditProposals(ctx context.Context, tickets map[string]string, a *AuditReport) error {
	proposals, err := space.ScanHash(ctx, m.space, space.Proposals, m.cfg.Limit)
	if err != nil {
		return err
	}
	deadlines, err := space.Members(ctx, m.space, space.Deadlines, -1)
	if err != nil {
		return err
	}
	var held, open int64
	for id, value := range proposals {
		p, err := codec.ParseProposal(value)
		if err != nil {
			return err
		}
		if p.State != codec.Proposed {
			continue
		}
		open++
		if !slices.Contains(deadlines, id) {
			a.Problems = append(a.Problems, fmt.Sprintf("proposal %s has no deadline", id))
		}
		for _, ticketID := range p.IDs {
			held++
			if of, _, ok := codec.CutProposed(tickets[ticketID]); !ok || of != id {
				a.Problems = append(a.Problems, fmt.Sprintf("ticket %s of proposal %s is %q", ticketID, id, tickets[ticketID]))
			}
		}
	}
	a.expect("tickets of open proposals", held, a.Proposed)
	a.expect("deadlines", int64(len(deadlines)), open)
	return nil
}

// auditQueue counts the waiting and the proposed tickets in a queue's lists. The other ids are tombstones; one that was
// used again may have its new ticket further behind, or in another queue.
func (m *Matcher) auditQueue(ctx context.Context, queue string, tickets map[string]string, standing map[string]bool) (map[State]int64, error) {
	live := map[State]int64{}
	for _, list := range []string{space.Passed, space.Waiting} {
		ids, err := space.Do(ctx, m.space, "read list", func(ctx context.Context, rdb redis.UniversalClient) ([]string, error) {
			return rdb.LRange(ctx, m.space.KeyOf(list, queue), 0, -1).Result()
		})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			state := State(codec.StateOf(tickets[id]))
			if state != Waiting && state != Proposed || standing[id] {
				continue
			}
			t, _, err := liveTicket(id, tickets[id], 0)
			if err != nil {
				return nil, err
			}
			if t.Queue == queue {
				standing[id] = true
				live[state]++
			}
		}
	}
	return live, nil
}
