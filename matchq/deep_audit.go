package matchq

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// AuditDeep is Audit and reads every list and every ticket besides: each waiting or proposed ticket must stand in its
// queue's lists, where all else are tombstones that were counted, and the queue be listed; each proposed one is that of
// an open proposal. It is for tests and tools: it takes many
// calls, and adds up only while nobody enqueues, cancels or ticks. Errors: ErrUnavailable.
func (m *Matcher) AuditDeep(ctx context.Context) (AuditReport, error) {
	a, err := m.Audit(ctx)
	if err != nil {
		return a, err
	}
	tickets, err := m.scanHash(ctx, m.keys.tickets)
	if err != nil {
		return a, err
	}
	counts := map[State]int64{}
	for _, value := range tickets {
		counts[stateOf(value)]++
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
		if state := stateOf(value); (state == Waiting || state == Proposed) && !standing[id] {
			a.Problems = append(a.Problems, fmt.Sprintf("ticket %s is %s and stands in no list of its queue: %q", id, state, value))
		}
	}
	return a, m.auditProposals(ctx, tickets, &a)
}

// auditProposals compares the tickets that are proposed with the proposals that are open.
func (m *Matcher) auditProposals(ctx context.Context, tickets map[string]string, a *AuditReport) error {
	proposals, err := m.scanHash(ctx, m.keys.proposals)
	if err != nil {
		return err
	}
	deadlines, err := m.rdb.ZRange(ctx, m.keys.deadlines, 0, -1).Result()
	if err != nil {
		return failure("read deadlines", err)
	}
	var held, open int64
	for id, value := range proposals {
		proposal, found := strings.CutPrefix(value, "o\t")
		if !found {
			continue
		}
		open++
		if !slices.Contains(deadlines, id) {
			a.Problems = append(a.Problems, fmt.Sprintf("proposal %s has no deadline", id))
		}
		for _, ticketID := range strings.Split(proposal, "\t")[5:] {
			held++
			if of, _, ok := cutProposal(tickets[ticketID]); !ok || of != id {
				a.Problems = append(a.Problems, fmt.Sprintf("ticket %s of proposal %s is %q", ticketID, id, tickets[ticketID]))
			}
		}
	}
	a.expect("tickets of open proposals", held, a.Proposed)
	a.expect("deadlines", int64(len(deadlines)), open)
	return nil
}

// auditQueue counts the waiting and the proposed tickets in a queue's lists. The others in them are tombstones: also an id that was used again, since its new ticket stands behind or in another queue.
func (m *Matcher) auditQueue(ctx context.Context, queue string, tickets map[string]string, standing map[string]bool) (map[State]int64, error) {
	live := map[State]int64{}
	for _, list := range []string{m.keys.passed(queue), m.keys.waiting(queue)} {
		ids, err := m.rdb.LRange(ctx, list, 0, -1).Result()
		if err != nil {
			return nil, failure("read list", err)
		}
		for _, id := range ids {
			state := stateOf(tickets[id])
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

// scanHash reads a hash in bounded steps.
func (m *Matcher) scanHash(ctx context.Context, key string) (map[string]string, error) {
	fields := map[string]string{}
	var cursor uint64
	for {
		page, next, err := m.rdb.HScan(ctx, key, cursor, "", int64(m.cfg.Limit)).Result()
		if err != nil {
			return nil, failure("scan "+key, err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			fields[page[i]] = page[i+1]
		}
		if cursor = next; cursor == 0 {
			return fields, nil
		}
	}
}
