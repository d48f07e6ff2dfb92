package matchq

import (
	"context"
	"math/rand/v2"
	"time"
)

// mostVisits is how many queues one call looks at: a visit costs Redis something even where nobody can be matched.
const mostVisits = 64

// Run ticks every queue of the namespace when it is due, lets tickets expire, settles proposed matches whose time to
// accept is over, and forgets what is older than Config.Retention, until ctx ends; it then returns nil. Any number of
// processes may run it: they share the due queues without a leader, and what one leaves undone another does.
//
// While Redis is away it logs that and goes on trying. It returns an error only if going on makes no sense: a
// *ConfigError, or an answer of Redis that repeating won't change, such as missing rights, or a policy that is not Lua.
func (m *Matcher) Run(ctx context.Context) error {
	var (
		pause backoff
		clock clock
		away  bool
	)
	for ctx.Err() == nil {
		idle, err := m.round(ctx, &clock)
		switch {
		case ctx.Err() != nil: // that was the end
		case isSettled(err):
			return err
		case err != nil:
			if !away {
				m.cfg.Logger.Warn("matchq: no ticks until redis answers", "error", err)
			}
			away, idle = true, pause.next()
		case away:
			m.cfg.Logger.Info("matchq: redis answers, ticking again")
			away, pause = false, backoff{}
		}
		sleep(ctx, idle)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// round looks for what is due, does it, and returns how long there is nothing to do.
func (m *Matcher) round(ctx context.Context, clock *clock) (time.Duration, error) {
	due, err := m.findDue(ctx)
	if err != nil {
		return 0, err
	}
	if clock.wentBack(due.now) {
		// Also the first time: what happened before this node looked is unknown.
		if err := m.wakeAll(ctx, due.now); err != nil {
			return 0, err
		}
	}
	clock.seen(due.now)
	for due.settleable {
		if due.settleable, err = m.settleOverdue(ctx); err != nil {
			return 0, err
		}
	}
	for visits := due.visits; ; {
		if len(visits) > 0 {
			if _, visits, err = m.tick(ctx, visits); err != nil {
				return 0, err
			}
		}
		// A call forgets as many tickets as another ends, so that what is kept does not grow under load.
		if due.forgettable {
			if due.forgettable, err = m.forget(ctx); err != nil {
				return 0, err
			}
		}
		if len(visits) == 0 {
			break
		}
	}
	if due.forgettable || len(due.visits) == mostVisits {
		return 0, nil
	}
	return min(due.next, m.poll()), nil
}

// poll is how often to look for queues that became due earlier than was known, because somebody was queued.
func (m *Matcher) poll() time.Duration {
	if m.cfg.Interval == AtOnce {
		return 100 * time.Millisecond
	}
	return min(max(m.cfg.Interval/4, 5*time.Millisecond), 100*time.Millisecond)
}

// dueList is the reply of due.lua.
type dueList struct {
	now         time.Time
	next        time.Duration // from now until another queue is due, or a deadline over
	forgettable bool
	settleable  bool // deadlines of proposals are over
	visits      []visit
}

func (m *Matcher) findDue(ctx context.Context) (dueList, error) {
	return within(ctx, m, nil, func(ctx context.Context) (dueList, error) {
		// Nodes start at different places, so that they don't do each other's work.
		offset := rand.IntN(4) * mostVisits
		r, err := m.read(ctx, m.scripts.due, []string{m.keys.due, m.keys.events, m.keys.deadlines},
			mostVisits, offset, m.cfg.Retention.Milliseconds(), m.cfg.ReadyTimeout.Milliseconds())
		if err != nil {
			return dueList{}, err
		}
		return decodeDue(r)
	})
}

func decodeDue(r *reply) (dueList, error) {
	due := dueList{now: time.UnixMilli(r.number()), next: time.Hour}
	if next := (visit{fence: r.text()}).window(); !next.IsZero() {
		due.next = next.Sub(due.now)
	}
	due.forgettable = r.number() == 1
	due.settleable = r.number() == 1
	for r.more() {
		due.visits = append(due.visits, visit{queue: r.text(), fence: r.text()})
	}
	return due, r.err
}

// forget runs forget.lua once and says whether there is more to forget.
func (m *Matcher) forget(ctx context.Context) (more bool, err error) {
	return within(ctx, m, nil, func(ctx context.Context) (bool, error) {
		k := &m.keys
		r, err := m.write(ctx, m.scripts.forget, []string{k.meta, k.tickets, k.players, k.events, k.counters, k.matched, k.proposals},
			m.cfg.Retention.Milliseconds(), m.cfg.Limit, mostTotals)
		if err != nil {
			return false, err
		}
		r.number()
		more := r.number() == 1
		return more, r.err
	})
}

// mostTotals is for how many queues the number of matches is kept, those with most; otherwise each name ever used
// would stay in Redis.
const mostTotals = 10_000
