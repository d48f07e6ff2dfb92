package matchq

import (
	"context"
	"fmt"
)

// AuditDeep is Audit and reads every list and every ticket besides: each waiting ticket must stand in its queue's lists,
// where all else are tombstones that were counted, and the queue be listed. It is for tests and tools: it takes many
// calls, and adds up only while nobody enqueues, cancels or ticks. Errors: ErrUnavailable.
func (m *Matcher) AuditDeep(ctx context.Context) (AuditReport, error) {
	a, err := m.Audit(ctx)
	if err != nil {
		return a, err
	}
	tickets, err := m.storedTickets(ctx)
	if err != nil {
		return a, err
	}
	counts := map[State]int64{}
	for _, value := range tickets {
		if isRecord(value) {
			counts[Waiting]++
		} else {
			counts[outcomeState(value)]++
		}
	}
	a.expect("waiting tickets stored", counts[Waiting], a.Waiting)
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
		a.expect(fmt.Sprintf("queue %q: waiting", queue.Name), int64(queue.Waiting), live)
	}
	for id, value := range tickets {
		if isRecord(value) && !standing[id] {
			a.Problems = append(a.Problems, fmt.Sprintf("ticket %s waits and stands in no list of its queue: %q", id, value))
		}
	}
	return a, nil
}

// auditQueue counts the live tickets in a queue's lists. The others in them are tombstones, which Queue.Waiting leaves
// out: also an id that was used again, since its new ticket stands behind or in another queue.
func (m *Matcher) auditQueue(ctx context.Context, queue string, tickets map[string]string, standing map[string]bool) (int64, error) {
	var live int64
	for _, list := range []string{m.keys.passed(queue), m.keys.waiting(queue)} {
		ids, err := m.rdb.LRange(ctx, list, 0, -1).Result()
		if err != nil {
			return 0, failure("read list", err)
		}
		for _, id := range ids {
			if !isRecord(tickets[id]) || standing[id] {
				continue
			}
			t, err := parseRecord(id, tickets[id])
			if err != nil {
				return 0, err
			}
			if t.Queue == queue {
				standing[id] = true
				live++
			}
		}
	}
	return live, nil
}

// storedTickets reads all tickets, waiting or ended.
func (m *Matcher) storedTickets(ctx context.Context) (map[string]string, error) {
	tickets := map[string]string{}
	var cursor uint64
	for {
		page, next, err := m.rdb.HScan(ctx, m.keys.tickets, cursor, "", int64(m.cfg.Limit)).Result()
		if err != nil {
			return nil, failure("scan tickets", err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			tickets[page[i]] = page[i+1]
		}
		if cursor = next; cursor == 0 {
			return tickets, nil
		}
	}
}
