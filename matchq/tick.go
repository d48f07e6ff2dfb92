package matchq

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

var tickScript = space.Bind[tickArgs]("match/tick")

type tickArgs struct {
	IntervalMS int64     `lua:"interval_ms"`
	Size       int       `lua:"size"`
	Limit      int       `lua:"limit"`
	ReadyMS    int64     `lua:"ready_ms"`
	Rows       []tickRow `lua:"row"`
}

type tickRow struct {
	Queue   string `lua:"queue"`
	PhaseMS int64  `lua:"phase_ms"`
	Fence   string `lua:"fence"`
}

// TickReport is the result of one visit of a queue. A batch of more than Config.Limit tickets takes several visits.
type TickReport struct {
	Queue   string
	Window  time.Time     // when the visit was due; zero for one out of turn, by Tick or AtOnce
	At      time.Time     // when it was made
	Matches int           // matches made, or proposed if Config.ReadyTimeout is set
	Expired int           // tickets that waited too long
	Left    int           // tickets that wait in the queue afterwards
	More    bool          // the batch is not done yet
	Took    time.Duration // of the call to Redis, which may have visited other queues too
	First   bool          // of the reports of a call, so that calls can be counted and timed once
	Err     error         // a *PolicyError if the policy failed in this visit

	// Fallback says that FIFO matched the queue, because its policy failed in this visit or up to 30 s before.
	Fallback bool
	turn     sandbox.Turn
}

// visit is a queue to tick. fence is the score it had when it was found due, "" to visit it at any score.
type visit struct {
	queue, fence string
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
	ended := sum.Matches*m.cfg.Size + sum.Expired
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
	r, err := m.callTick(ctx, visits)
	if err != nil {
		return nil, visits, err
	}
	ticked, err := decodeTick(r, visits, m.cfg.Policy)
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
	return ticked.reports, append(rest, visits[ticked.considered:]...), nil
}

// callTick runs tick.lua, one call at a time: one that its caller gave up on keeps its place until it has really ended,
// so that ticks don't pile up in a Redis that is slow.
func (m *Matcher) callTick(ctx context.Context, visits []visit) (*space.Reply, error) {
	args := tickArgs{
		IntervalMS: m.cfg.intervalMS(), Size: m.cfg.Size, Limit: m.cfg.Limit, ReadyMS: m.cfg.ReadyTimeout.Milliseconds(),
		Rows: make([]tickRow, len(visits)),
	}
	for i, v := range visits {
		args.Rows[i] = tickRow{Queue: v.queue, PhaseMS: m.cfg.phaseMS(v.queue), Fence: v.fence}
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	select {
	case m.tickLane <- struct{}{}:
	case <-ctx.Done():
		return nil, space.Unavailable(ctx.Err())
	}
	return space.Bounded(ctx, m.space, func(ctx context.Context) (*space.Reply, error) {
		defer func() { <-m.tickLane }()
		return tickScript.CallToEnd(ctx, m.space, args)
	})
}

// ticked is the reply of tick.lua.
type ticked struct {
	considered int
	reports    []TickReport
	visited    []visit // of each report
}

func decodeTick(r *space.Reply, visits []visit, policy Policy) (ticked, error) {
	at := time.UnixMilli(r.Number())
	var t ticked
	if t.considered = int(r.Number()); t.considered < 0 || t.considered > len(visits) {
		r.Failf("%d of %d queues considered", t.considered, len(visits))
	}
	for r.More() {
		row := r.List()
		v := visits[row.Index(len(visits))]
		report := TickReport{
			Queue: v.queue, Window: v.window(), At: at,
			Matches: int(row.Number()), Expired: int(row.Number()), Left: int(row.Number()), More: row.Number() == 1,
		}
		report.turn = sandbox.Turn(row.Number())
		report.Fallback = report.turn.On()
		if row.More() {
			report.Err = (*PolicyError)(sandbox.Failed(policy.name, v.queue, row.Text()))
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

// neverScore is in 2096. What is due later waits for Never.
const neverScore = 4e12

// tell lets Config.OnTick see a report, one at a time.
func (m *Matcher) tell(r TickReport) {
	r.turn.Log(m.cfg.Logger, m.cfg.Policy.name, r.Queue, r.Err)
	if m.cfg.OnTick != nil {
		m.onTick.Lock()
		defer m.onTick.Unlock()
		m.cfg.OnTick(r)
	}
}
