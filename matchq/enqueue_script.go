package matchq

import (
	"context"
)

// enqueueRows runs enqueue.lua for rows sorted by queue and fills in an answer for each.
func (m *Matcher) enqueueRows(ctx context.Context, batch []*pending, answers []answer) error {
	keys, args := m.enqueueArgs(batch)
	r, err := m.write(ctx, m.scripts.enqueue, keys, args...)
	if err != nil {
		return err
	}
	return decodeEnqueue(r, answers)
}

func decodeEnqueue(r *reply, answers []answer) error {
	now := r.number()
	for r.more() {
		exception := r.list()
		i := exception.index(len(answers))
		switch word := exception.text(); word {
		case "duplicate":
			answers[i] = answer{status: statusDuplicate, nowMS: now, id: exception.text(), value: exception.text()}
		case "known":
			answers[i] = answer{status: statusKnown, nowMS: now, value: exception.text()}
		case "paused":
			answers[i] = answer{status: statusPaused}
		default:
			exception.failf("exception %q", word)
		}
		r.done(exception)
	}
	if r.err != nil {
		return r.err
	}
	for i := range answers {
		if answers[i].status == statusFailed {
			answers[i] = answer{status: statusQueued, nowMS: now}
		}
	}
	return nil
}

// enqueueArgs lays rows out as enqueue.lua takes them, less the fingerprint.
func (m *Matcher) enqueueArgs(batch []*pending) (keys []string, args []any) {
	keys = append(make([]string, 0, 5+len(batch)), m.keys.meta, m.keys.tickets, m.keys.players, m.keys.due, m.keys.counters)
	args = append(make([]any, 0, 2+7*len(batch)), m.cfg.intervalMS(), len(batch))
	for i, p := range batch {
		queue, ttlMS := p.row.ticket.Queue, p.row.ttlMS
		if i+1 < len(batch) && batch[i+1].row.ticket.Queue == queue && batch[i+1].row.ttlMS == ttlMS {
			continue // the run goes on
		}
		keys = append(keys, m.keys.waiting(queue))
		args = append(args, queue, m.cfg.phaseMS(queue), ttlMS, i+1)
	}
	for _, p := range batch {
		args = append(args, p.row.ticket.ID)
	}
	for _, p := range batch {
		args = append(args, p.row.ticket.Player)
	}
	for _, p := range batch {
		args = append(args, p.row.body)
	}
	return keys, args
}
