package matchq

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

var tickScript = space.Bind[tickArgs]("match/tick")

type tickArgs struct {
	Version string     `lua:"version"`
	Limit   int        `lua:"limit"`
	Plans   []tickPlan `lua:"plan"`
	Rows    []tickRow  `lua:"row"`
}

type tickPlan struct {
	IntervalMS int64  `lua:"interval_ms"`
	Size       int    `lua:"size"`
	ReadyMS    int64  `lua:"ready_ms"`
	Policy     string `lua:"policy"`
	Source     string `lua:"source"`
	Names      string `lua:"names"`
}

type tickRow struct {
	Queue   string `lua:"queue"`
	Plan    int    `lua:"plan"`
	PhaseMS int64  `lua:"phase_ms"`
	Fence   string `lua:"fence"`
}

// TickReport is the result of one visit of a queue. A batch of more than Config.Limit tickets takes several visits.
type TickReport struct {
	Queue   string
	Window  time.Time     // when the visit was due; zero for one out of turn, by Tick or AtOnce
	At      time.Time     // when it was made
	Matches int           // matches made; proposed if the rules have a ready check
	Expired int           // tickets that waited too long
	Left    int           // tickets that wait in the queue afterwards
	More    bool          // the batch is not done yet
	Took    time.Duration // of the call to Redis, which may have visited other queues too
	First   bool          // of the reports of a call, so that calls can be counted and timed once
	Err     error         // a *PolicyError if the policy failed in this visit

	// Fallback says that FIFO matched the queue, because its policy failed in this visit or up to 30 s before.
	Fallback bool
	turn     sandbox.Turn
	plan     *rulebook.Plan
}

// visit is a queue to tick. fence is the score it had when it was found due, "" to visit it at any score.
type visit struct {
	queue, fence string
	plan         *rulebook.Plan // by which it was ticked
}

// Tick matches the tickets that wait in a queue now, in or out of turn. It is for tests, tools and a timing of your own;
// Run does it for you. Safe to repeat, though it may then find other tickets. About once a second it forgets tickets too, as
// Run does.
//
// Errors: *InvalidError, *ConfigError, ErrUnavailable; the report covers all visits before the error. With a *PolicyError
// the report covers all visits.
func (m *Matcher) Tick(ctx context.Context, queue string) (TickReport, error) {
	if err := CheckName("queue", queue); err != nil {
		return TickReport{Queue: queue, More: true}, err
	}
	sum, err := m.tickQueue(ctx, queue)
	ended := sum.Expired
	if sum.plan != nil {
		ended += sum.Matches * sum.plan.Rules.Size
	}
	for more := err == nil; more && err == nil && ended >= 0; ended -= m.cfg.Limit {
		more, err = m.forgetBeside(ctx, sum.At)
	}
	if err != nil {
		return sum, err
	}
	return sum, sum.Err
}

// tickQueue matches a queue's batch. The error is one of the call, and not of the policy.
func (m *Matcher) tickQueue(ctx context.Context, queue string) (TickReport, error) {
	sum := TickReport{Queue: queue, More: true}
	for sum.More {
		reports, _, err := m.tick(ctx, []visit{{queue: queue}})
		if err != nil {
			return sum, err
		}
		sum.More = len(reports) > 0 // the rules of the queue can't be read
		for _, r := range reports {
			r.Matches, r.Expired, r.Took = sum.Matches+r.Matches, sum.Expired+r.Expired, sum.Took+r.Took
			r.Err, r.Fallback = cmp.Or(sum.Err, r.Err), sum.Fallback || r.Fallback
			sum = r
		}
	}
	return sum, nil
}

// forgetBeside forgets as many tickets as a tick call may end, if that is a second of Redis's clock ago or left some over,
// and says whether there are more: ticks without Run don't fill Redis.
func (m *Matcher) forgetBeside(ctx context.Context, now time.Time) (more bool, err error) {
	if d := now.UnixMilli() - m.forgotMS.Load(); d >= 0 && d < 1000 {
		return false, nil
	}
	select {
	case m.tickLane <- struct{}{}:
		defer func() { <-m.tickLane }()
	case <-ctx.Done():
		return false, space.Unavailable(ctx.Err())
	}
	more, err = m.forget(ctx)
	if err == nil && !more {
		m.forgotMS.Store(now.UnixMilli())
	}
	return more, err
}

// tick makes one call to tick.lua for some queues. It returns a report of each visit, and the visits still to make:
// of batches that are not done and queues that did not fit in.
func (m *Matcher) tick(ctx context.Context, visits []visit) (reports []TickReport, rest []visit, err error) {
	began := time.Now()
	r, called, err := m.callTick(ctx, visits)
	if err != nil {
		return nil, visits, err
	}
	if len(called) == 0 {
		return nil, nil, nil
	}
	ticked, err := decodeTick(r, called)
	if err != nil {
		return nil, visits, err
	}
	took := time.Since(began)
	for i := range ticked.reports {
		r := &ticked.reports[i]
		r.Took, r.First = took, i == 0
		if r.More {
			rest = append(rest, ticked.visited[i])
		}
		m.tell(*r)
	}
	return ticked.reports, slices.Concat(called[ticked.considered:], rest), nil // a large batch holds up no other queue
}

// callTick runs tick.lua for the visits whose rules this version can read, one call at a time: one that its caller gave up
// on keeps its place until it has really ended, so that ticks don't pile up in a Redis that is slow.
func (m *Matcher) callTick(ctx context.Context, visits []visit) (r *space.Reply, called []visit, err error) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	select {
	case m.tickLane <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, space.Unavailable(ctx.Err())
	}
	type result struct {
		reply  *space.Reply
		called []visit
	}
	done, err := space.Bounded(ctx, m.space, func(ctx context.Context) (result result, err error) {
		defer func() { <-m.tickLane }()
		err = m.rules.Do(ctx, func(book *rulebook.Book) (err error) {
			var args tickArgs
			if args, result.called = m.tickArgs(book, visits); len(result.called) == 0 {
				return nil
			}
			result.reply, err = tickScript.CallToEnd(ctx, m.space, args)
			return err
		})
		return result, err
	})
	return done.reply, done.called, err
}

// tickArgs are the arguments of a call by a book, and the visits that it makes.
func (m *Matcher) tickArgs(book *rulebook.Book, visits []visit) (tickArgs, []visit) {
	args := tickArgs{Version: book.Version, Limit: m.cfg.Limit, Rows: make([]tickRow, 0, len(visits))}
	called := make([]visit, 0, len(visits))
	numbers := map[*rulebook.Plan]int{}
	for _, v := range visits {
		v.plan = book.Plan(v.queue)
		if v.plan.Err != nil {
			continue
		}
		number := numbers[v.plan]
		if number == 0 {
			args.Plans = append(args.Plans, tickPlan{
				IntervalMS: v.plan.IntervalMS, Size: v.plan.Rules.Size, ReadyMS: v.plan.ReadyMS,
				Policy: v.plan.Policy, Source: v.plan.Source, Names: v.plan.Names,
			})
			number = len(args.Plans)
			numbers[v.plan] = number
		}
		args.Rows = append(args.Rows, tickRow{Queue: v.queue, Plan: number, PhaseMS: v.plan.PhaseMS(v.queue), Fence: v.fence})
		called = append(called, v)
	}
	return args, called
}

// ticked is the reply of tick.lua.
type ticked struct {
	considered int
	reports    []TickReport
	visited    []visit // of each report
}

func decodeTick(r *space.Reply, visits []visit) (ticked, error) {
	at := time.UnixMilli(r.Number())
	var t ticked
	if t.considered = int(r.Number()); t.considered < 0 || t.considered > len(visits) {
		r.Failf("%d of %d queues considered", t.considered, len(visits))
	}
	for r.More() {
		row := r.List()
		v := visits[row.Index(len(visits))]
		report := TickReport{
			plan: v.plan, Queue: v.queue, Window: v.window(), At: at,
			Matches: int(row.Number()), Expired: int(row.Number()), Left: int(row.Number()), More: row.Number() == 1,
		}
		report.turn = sandbox.Turn(row.Number())
		report.Fallback = report.turn.On()
		if row.More() {
			report.Err = (*PolicyError)(sandbox.Failed(v.plan.Rules.Policy, v.queue, row.Text()))
		}
		r.Done(row)
		t.reports, t.visited = append(t.reports, report), append(t.visited, v)
	}
	return t, r.Err
}

// window is when a visit was due; zero if it had no time, or waits for a ticket to expire that never does.
func (v visit) window() time.Time {
	ms, err := strconv.ParseFloat(v.fence, 64)
	if err != nil || ms >= neverScore {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

// neverScore is in 2096. Later times count as Never.
const neverScore = 4e12

// tell logs a report, and lets hooks see it.
func (m *Matcher) tell(r TickReport) {
	r.turn.Log(m.cfg.Logger, r.plan.Rules.Policy, r.Queue, r.Err)
	m.hooks.ticked(r)
}
