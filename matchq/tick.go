package matchq

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// TickReport says what one visit of a queue did. A batch of more than Config.Limit tickets takes several visits.
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
	Err     error         // a *PolicyError if the policy failed
}

// visit is a queue to tick. fence is the score it had when it was found due, "" to visit it whatever it is.
type visit struct {
	queue, fence string
}

// Tick matches what waits in a queue now, in or out of turn. It is for tests, tools and a timing of your own; Run does
// it for you. Safe to repeat, though it may then find others waiting.
//
// Errors: *InvalidError, *PolicyError, *ConfigError, ErrUnavailable; the report says what was done before the error.
func (m *Matcher) Tick(ctx context.Context, queue string) (TickReport, error) {
	sum := TickReport{Queue: queue, More: true}
	if err := CheckName("queue", queue); err != nil {
		return sum, err
	}
	for sum.More && sum.Err == nil {
		reports, _, err := m.tick(ctx, []visit{{queue: queue}})
		if err != nil {
			return sum, err
		}
		for _, r := range reports {
			r.Matches, r.Expired, r.Took = sum.Matches+r.Matches, sum.Expired+r.Expired, sum.Took+r.Took
			sum = r
		}
	}
	return sum, sum.Err
}

// tick makes one call to tick.lua for some queues. It returns a report of each that was visited, and what is still to
// be visited: batches that are not done and queues that did not fit in.
func (m *Matcher) tick(ctx context.Context, visits []visit) (reports []TickReport, rest []visit, err error) {
	began := time.Now()
	ticked, err := within(ctx, m, m.tickLane, func(ctx context.Context) (ticked, error) {
		keys, args := m.tickArgs(visits)
		r, err := m.write(ctx, m.scripts.tick, keys, args...)
		if err != nil {
			return ticked{}, err
		}
		return decodeTick(r, visits)
	})
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

// tickArgs lays visits out as tick.lua takes them, less the fingerprint.
func (m *Matcher) tickArgs(visits []visit) (keys []string, args []any) {
	k := &m.keys
	keys = []string{
		k.meta, k.tickets, k.due, k.events, k.counters, k.matched, k.tombstones, k.batches, k.held, k.proposals, k.deadlines,
		k.online, k.nodes,
	}
	args = []any{m.cfg.intervalMS(), m.cfg.Size, m.cfg.Limit, m.cfg.ReadyTimeout.Milliseconds()}
	for _, v := range visits {
		keys = append(keys, k.waiting(v.queue), k.passed(v.queue))
		args = append(args, v.queue, m.cfg.phaseMS(v.queue), v.fence)
	}
	return keys, args
}

// ticked is the reply of tick.lua.
type ticked struct {
	considered int
	reports    []TickReport
	visited    []visit // of each report
}

func decodeTick(r *reply, visits []visit) (ticked, error) {
	at := time.UnixMilli(r.number())
	var t ticked
	if t.considered = int(r.number()); t.considered < 0 || t.considered > len(visits) {
		r.failf("%d of %d queues considered", t.considered, len(visits))
	}
	for r.more() {
		row := r.list()
		v := visits[row.index(len(visits))]
		report := TickReport{
			Queue: v.queue, Window: v.window(), At: at,
			Matches: int(row.number()), Expired: int(row.number()), Left: int(row.number()), More: row.number() == 1,
		}
		if row.more() {
			report.Err = &PolicyError{Queue: v.queue, Problem: row.text()}
		}
		r.done(row)
		t.reports, t.visited = append(t.reports, report), append(t.visited, v)
	}
	return t, r.err
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
	if r.Err != nil {
		m.cfg.Logger.Error(fmt.Sprint(r.Err), "left", r.Left)
	}
	if m.cfg.OnTick != nil {
		m.onTick.Lock()
		defer m.onTick.Unlock()
		m.cfg.OnTick(r)
	}
}
