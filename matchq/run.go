package matchq

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq/internal/agreement"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/vigil"
	"github.com/matchq/matchq/matchq/internal/work"
)

// maxVisits is how many queues one call looks at: a visit costs Redis something even where nobody can be matched.
const maxVisits = 64

// Run ticks every queue of the namespace when it is due, expires tickets, settles proposed matches whose deadline has
// passed, and forgets tickets that ended longer ago than Config.Retention, until ctx ends; it then returns nil. Any number
// of processes may run it: they share the due queues without a leader, and another finishes the work of one that dies.
// While a process is in Run, no other can bring another configuration into force.
//
// While Redis is away, or refuses, it logs that and goes on trying; call CheckRights before it to learn of missing rights.
// It returns an error only if going on makes no sense: a *ConfigError, or an answer of Redis that repeating won't change.
func (m *Matcher) Run(ctx context.Context) error {
	defer m.vigil.Follow(ctx, 0, nil)()
	seen := watched{stride: rulebook.NewStride(maxVisits), tendings: space.Outage{
		Log: m.cfg.Logger, Begins: "matchq: events are not kept for groups of workers", Ends: "matchq: events are kept for groups of workers again",
	}}
	run := agreement.Run{Space: m.space}
	defer run.End(ctx)
	outage := space.Outage{
		Log: m.cfg.Logger, Begins: "matchq: redis is away or refuses, not all ticks are made", Ends: "matchq: redis answers, ticking again",
	}
	for ctx.Err() == nil {
		var idle time.Duration
		err := run.Keep(ctx)
		if err == nil {
			idle, err = m.round(ctx, &seen)
		}
		switch {
		case ctx.Err() != nil: // that was the end
		case space.IsSettled(err):
			return err
		case err != nil:
			outage.Wait(ctx, err)
		default:
			outage.Over()
			space.Sleep(ctx, idle)
		}
	}
	return nil
}

// round does all that is due, and returns how long there is nothing to do. Tickets are forgotten even if all else fails.
func (m *Matcher) round(ctx context.Context, seen *watched) (time.Duration, error) {
	due, err := m.findDue(ctx, seen.stride.Offset())
	if err == nil {
		err = m.wakeAndSettle(ctx, seen, &due)
	} else {
		due.forgettable = errors.Is(err, ErrRefused)
	}
	m.tendGroups(ctx, seen, &due)
	for visits := due.visits; ; {
		if err == nil && len(visits) > 0 {
			_, visits, err = m.tick(ctx, visits)
		}
		// A call forgets as many tickets as another ends, so that the events kept don't grow under load.
		if due.forgettable {
			var failed error
			if due.forgettable, failed = m.forget(ctx); failed != nil {
				return 0, cmp.Or(err, failed)
			}
		}
		if err == nil && len(visits) == 0 || err != nil && !due.forgettable {
			break
		}
	}
	if err != nil || due.forgettable || seen.stride.Saw(len(due.visits), m.unread(due.visits)) {
		return 0, err
	}
	return min(due.next, m.poll()), nil
}

// unread is how many of some queues have rules that this version can't read.
func (m *Matcher) unread(visits []visit) (n int) {
	for _, v := range visits {
		if m.rules.Known().Plan(v.queue).Err != nil {
			n++
		}
	}
	return n
}

// watched is what Run has seen: after a change of it, queues may have to be visited earlier than their scores say.
type watched struct {
	clock space.Clock
	rules string // the version by which all queues were woken

	stride *rulebook.Stride // over due queues

	tended   time.Time    // when groups of workers were looked after
	tendings space.Outage // in which they are not
}

// tendGroups keeps events for groups of Consume before they are forgotten, whose workers leave them or are away. Nothing
// else waits for that.
func (m *Matcher) tendGroups(ctx context.Context, seen *watched, due *dueList) {
	if !due.groups || time.Since(seen.tended) < min(time.Second, m.cfg.Retention/8) {
		return
	}
	seen.tended = time.Now()
	if err := work.Tend(ctx, m.space, m.cfg.Retention/2); err == nil {
		seen.tendings.Over()
	} else if ctx.Err() == nil {
		seen.tendings.Note(err)
	}
}

// wakeAndSettle does the work before the ticks.
func (m *Matcher) wakeAndSettle(ctx context.Context, seen *watched, due *dueList) (err error) {
	if err := m.vigil.SawBeforeTick(ctx, due.redis); err != nil { // which must not count anybody as absent in another Redis
		return err
	}
	back := seen.clock.WentBack(due.now) // also the first time: it may have been set back before this node looked
	if back {
		if err := m.renewProposals(ctx); err != nil {
			return err
		}
	}
	if known := m.rules.Known(); known == nil || known.Version != due.rules {
		if _, err := m.rules.Refresh(ctx, known); err != nil {
			return err
		}
	}
	if version := m.rules.Known().Version; back || seen.rules != version {
		if err := m.wakeAll(ctx, due.now); err != nil {
			return err
		}
		seen.rules = version
	}
	seen.clock.Seen(due.now)
	for due.settleable && err == nil {
		due.settleable, err = m.settleOverdue(ctx)
	}
	return err
}

// poll is how often to look for queues that became due earlier than was known, because somebody was queued.
func (m *Matcher) poll() time.Duration {
	const most = 100 * time.Millisecond
	if book := m.rules.Known(); book != nil && book.Shortest() > 0 {
		return min(max(book.Shortest()/4, 5*time.Millisecond), most)
	}
	return most
}

// dueList is the reply of due.lua.
type dueList struct {
	now         time.Time
	next        time.Duration // from now until another queue is due, or a deadline over
	forgettable bool
	settleable  bool // deadlines of proposals are over
	redis       vigil.Identity
	rules       string // the version in force
	groups      bool   // there are groups of workers
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
}

type forgetArgs struct {
	RetentionMS int64 `lua:"retention_ms"`
	Limit       int   `lua:"limit"`
	MaxQueues   int   `lua:"max_queues"`
}

func (m *Matcher) findDue(ctx context.Context, offset int) (dueList, error) {
	r, err := dueScript.Call(ctx, m.space, dueArgs{Limit: maxVisits, RetentionMS: m.cfg.Retention.Milliseconds(), Offset: offset})
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
	due.redis = vigil.ReadIdentity(r)
	due.rules = r.Text()
	due.groups = r.Text() == "1"
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
