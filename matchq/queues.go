package matchq

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Queue is the state of a waiting line.
type Queue struct {
	Name       string
	Waiting    int           // tickets that wait
	Proposed   int           // tickets of matches that wait for their players to accept
	OldestAt   time.Time     // since when the first of them waits; zero if nobody does
	OldestWait time.Duration // how long that is
	NextTick   time.Time     // when it is visited next; zero if nobody waits, or nothing can come of a visit
	NextTickIn time.Duration // how long that is from now; 0 if it is due, or NextTick is zero
	Overdue    time.Duration // how long it has been due; 0 if it is not, more than a moment if nobody ticks
	Matches    int64         // made so far; kept for the 10,000 queues with most
	Paused     bool
}

// queuesPage is how many queues are looked at in one call.
const queuesPage = 64

// Queues returns the queues that hold anybody or are paused, by name. It takes a call for each 64 of them, so the
// state of one may be a little older than that of another. Errors: ErrUnavailable.
func (m *Matcher) Queues(ctx context.Context) ([]Queue, error) {
	names, err := m.queueNames(ctx)
	if err != nil {
		return nil, err
	}
	queues := make([]Queue, 0, len(names))
	for page := range slices.Chunk(names, queuesPage) {
		more, err := m.queueStates(ctx, page)
		if err != nil {
			return nil, err
		}
		queues = append(queues, more...)
	}
	return queues, nil
}

// Queue returns the state of one queue, whether anybody waits in it or not. Errors: *InvalidError, ErrUnavailable.
func (m *Matcher) Queue(ctx context.Context, name string) (Queue, error) {
	if err := CheckName("queue", name); err != nil {
		return Queue{}, err
	}
	states, err := m.queueStates(ctx, []string{name})
	if err != nil {
		return Queue{}, err
	}
	return states[0], nil
}

// queueNames lists the queues that hold anybody or are paused, sorted.
func (m *Matcher) queueNames(ctx context.Context) ([]string, error) {
	var names []string
	err := m.scanDue(ctx, func(queue string, _ time.Time) error {
		names = append(names, queue)
		return nil
	})
	if err != nil {
		return nil, err
	}
	meta, err := within(ctx, m, nil, func(ctx context.Context) ([]string, error) {
		fields, err := m.rdb.HKeys(ctx, m.keys.meta).Result()
		if err != nil {
			return nil, failure("read paused queues", err)
		}
		return fields, nil
	})
	if err != nil {
		return nil, err
	}
	for _, field := range meta {
		if queue, ok := strings.CutPrefix(field, "paused:"); ok {
			names = append(names, queue)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (m *Matcher) queueStates(ctx context.Context, names []string) ([]Queue, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([]Queue, error) {
		k := &m.keys
		keys := []string{k.meta, k.tickets, k.due, k.matched, k.tombstones, k.held}
		args := make([]any, len(names))
		for i, name := range names {
			keys = append(keys, k.waiting(name), k.passed(name))
			args[i] = name
		}
		r, err := m.read(ctx, m.scripts.queues, keys, args...)
		if err != nil {
			return nil, err
		}
		return decodeQueues(r, names)
	})
}

func decodeQueues(r *reply, names []string) ([]Queue, error) {
	now := time.UnixMilli(r.number())
	queues := make([]Queue, len(names))
	for i, name := range names {
		row := r.list()
		q := Queue{Name: name, Waiting: int(row.number()), Proposed: int(row.number())}
		if oldest := row.number(); oldest > 0 {
			q.OldestAt = time.UnixMilli(oldest)
			q.OldestWait = max(0, now.Sub(q.OldestAt))
		}
		if q.NextTick = (visit{fence: row.text()}).window(); !q.NextTick.IsZero() {
			q.NextTickIn = max(0, q.NextTick.Sub(now))
			q.Overdue = max(0, now.Sub(q.NextTick))
		}
		q.Matches = row.number()
		q.Paused = row.number() == 1
		r.done(row)
		queues[i] = q
	}
	return queues, r.err
}

// Pause lets a queue take nobody and form no matches; who waits in it keeps waiting and may expire. Safe to repeat.
// Errors: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Pause(ctx context.Context, queue string) error { return m.setPaused(ctx, queue, 1) }

// Resume ends a pause. Safe to repeat. Errors as for Pause.
func (m *Matcher) Resume(ctx context.Context, queue string) error { return m.setPaused(ctx, queue, 0) }

func (m *Matcher) setPaused(ctx context.Context, queue string, paused int) error {
	if err := CheckName("queue", queue); err != nil {
		return err
	}
	_, err := within(ctx, m, nil, func(ctx context.Context) (struct{}, error) {
		_, err := m.write(ctx, m.scripts.pause, []string{m.keys.meta, m.keys.due},
			queue, paused, m.cfg.intervalMS(), m.cfg.phaseMS(queue))
		return struct{}{}, err
	})
	return err
}

// DrainReason is why tickets are cancelled by Drain.
const DrainReason = "drained"

// Drain cancels every ticket that waits or is proposed in a queue when it starts, and returns how many that were. Those
// who come meanwhile stay, and wait again if they were proposed with one that does not; Pause first to let nobody in. If it fails half-way, what it returns was cancelled: repeat it.
// Errors: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Drain(ctx context.Context, queue string) (int, error) {
	if err := CheckName("queue", queue); err != nil {
		return 0, err
	}
	type step struct {
		until     int64
		cancelled int
		more      bool
	}
	k := &m.keys
	keys := []string{k.meta, k.tickets, k.due, k.events, k.counters, k.tombstones, k.batches,
		k.held, k.proposals, k.deadlines, k.waiting(queue), k.passed(queue)}
	total := 0
	for s := (step{more: true}); s.more; {
		var err error
		s, err = within(ctx, m, nil, func(ctx context.Context) (step, error) {
			r, err := m.write(ctx, m.scripts.drain, keys, queue, DrainReason, m.cfg.Limit, s.until, m.cfg.intervalMS())
			if err != nil {
				return step{}, err
			}
			return step{r.number(), int(r.number()), r.number() == 1}, r.err
		})
		if err != nil {
			return total, err
		}
		total += s.cancelled
	}
	return total, nil
}
