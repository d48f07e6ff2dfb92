package matchq

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// maxVisits is how many queues one call looks at: a visit costs Redis something even where nobody can be matched.
const maxVisits = 64

// Run ticks every queue of the namespace when it is due, expires tickets, settles proposed matches whose deadline has
// passed, and forgets tickets that ended longer ago than Config.Retention, until ctx ends; it then returns nil. Any number
// of processes may run it: they share the due queues without a leader, and another finishes the work of one that dies.
//
// While Redis is away it logs that and goes on trying. It returns an error only if going on makes no sense: a
// *ConfigError, or an answer of Redis that repeating won't change, such as missing rights.
func (m *Matcher) Run(ctx context.Context) error {
	var (
		pause space.Backoff
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
			away, idle = true, pause.Next()
		case away:
			m.cfg.Logger.Info("matchq: redis answers, ticking again")
			away = false
			pause.Reset()
		}
		space.Sleep(ctx, idle)
	}
	return nil
}

// round does all that is due, and returns how long there is nothing to do.
func (m *Matcher) round(ctx context.Context, clock *clock) (time.Duration, error) {
	due, err := m.findDue(ctx)
	if err != nil {
		return 0, err
	}
	if clock.wentBack(due.now) {
		// Also the first time: the clock may have been set back before this node looked.
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
		// A call forgets as many tickets as another ends, so that the events kept don't grow under load.
		if due.forgettable {
			if due.forgettable, err = m.forget(ctx); err != nil {
				return 0, err
			}
		}
		if len(visits) == 0 {
			break
		}
	}
	if due.forgettable || len(due.visits) == maxVisits {
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

var (
	dueScript    = space.Bind[dueArgs]("match/due")
	forgetScript = space.Bind[forgetArgs]("match/forget")
)

type dueArgs struct {
	Limit       int   `lua:"limit"`
	Offset      int   `lua:"offset"`
	RetentionMS int64 `lua:"retention_ms"`
	ReadyMS     int64 `lua:"ready_ms"`
}

type forgetArgs struct {
	RetentionMS int64 `lua:"retention_ms"`
	Limit       int   `lua:"limit"`
	MaxQueues   int   `lua:"max_queues"`
}

func (m *Matcher) findDue(ctx context.Context) (dueList, error) {
	r, err := dueScript.Call(ctx, m.space, dueArgs{
		Limit: maxVisits, RetentionMS: m.cfg.Retention.Milliseconds(), ReadyMS: m.cfg.ReadyTimeout.Milliseconds(),
		Offset: rand.IntN(4) * maxVisits, // nodes start at different places, so that they don't do each other's work
	})
	if err != nil {
		return dueList{}, err
	}
	return decodeDue(r)
}

func decodeDue(r *space.Reply) (dueList, error) {
	due := dueList{now: time.UnixMilli(r.Number()), next: time.Hour}
	if next := (visit{fence: r.Text()}).window(); !next.IsZero() {
		due.next = next.Sub(due.now)
	}
	due.forgettable = r.Number() == 1
	due.settleable = r.Number() == 1
	for r.More() {
		due.visits = append(due.visits, visit{queue: r.Text(), fence: r.Text()})
	}
	return due, r.Err
}

// forget forgets a bounded number of tickets, and says whether there are more to forget.
func (m *Matcher) forget(ctx context.Context) (more bool, err error) {
	r, err := forgetScript.Call(ctx, m.space, forgetArgs{
		RetentionMS: m.cfg.Retention.Milliseconds(), Limit: m.cfg.Limit, MaxQueues: maxTotals,
	})
	if err != nil {
		return false, err
	}
	r.Number() // how many were forgotten
	more = r.Number() == 1
	return more, r.Err
}

// maxTotals is for how many queues the number of matches is kept, those with most; otherwise each name ever used
// would stay in Redis.
const maxTotals = 10_000
