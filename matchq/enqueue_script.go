package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sender"
	"github.com/matchq/matchq/matchq/internal/space"
)

var enqueueScript = space.Bind[enqueueArgs]("match/enqueue")

type enqueueArgs struct {
	Version string       `lua:"version"`
	Recent  int          `lua:"recent"`
	Moved   bool         `lua:"moved"`
	Runs    []enqueueRun `lua:"run"`
	Rows    []enqueueRow `lua:"row"`
}

// enqueueRun is consecutive rows of one queue and one time to live.
type enqueueRun struct {
	Queue      string `lua:"queue"`
	IntervalMS int64  `lua:"interval_ms"`
	PhaseMS    int64  `lua:"phase_ms"`
	TTLMS      int64  `lua:"ttl_ms"`
	LastRow    int    `lua:"last_row"`
}

type enqueueRow struct {
	ID     string `lua:"id"`
	Player string `lua:"player"`
	Body   string `lua:"body"`
}

// enqueueRows enqueues rows, which are sorted by queue, and fills in an answer for each.
func (m *Matcher) enqueueRows(ctx context.Context, batch []*pending, answers []answer) error {
	return m.rules.Do(ctx, func(book *rulebook.Book) error {
		args := enqueueArgs{Version: book.Version, Rows: make([]enqueueRow, len(batch))}
		var plan *rulebook.Plan
		for i, p := range batch {
			r := &p.Row
			if i == 0 || batch[i-1].Row.ticket.Queue != r.ticket.Queue {
				plan = book.Plan(r.ticket.Queue)
				args.Recent = max(args.Recent, plan.Recent) // more than a rule needs do no harm
			}
			body, ttlMS := r.by(plan)
			if r.sinceMS != 0 {
				args.Moved, body = true, codec.WithSince(body, r.sinceMS)
			}
			answers[i].ttlMS = ttlMS
			args.Rows[i] = enqueueRow{ID: r.ticket.ID, Player: r.ticket.Player, Body: body}
			if i > 0 && batch[i-1].Row.ticket.Queue == r.ticket.Queue && answers[i-1].ttlMS == ttlMS {
				args.Runs[len(args.Runs)-1].LastRow = i + 1 // the run goes on
				continue
			}
			args.Runs = append(args.Runs, enqueueRun{
				Queue: r.ticket.Queue, IntervalMS: plan.IntervalMS, PhaseMS: plan.PhaseMS(r.ticket.Queue), TTLMS: ttlMS, LastRow: i + 1,
			})
		}
		r, err := enqueueScript.CallToEnd(ctx, m.space, args)
		if err != nil {
			return err
		}
		return decodeEnqueue(r, answers)
	})
}

// by is the body of a row and its time to live, by the rules in force: they may have changed since it was prepared.
func (r *row) by(plan *rulebook.Plan) (body string, ttlMS int64) {
	if r.ownTTL || plan.TTLMS == r.ttlMS {
		return r.body, r.ttlMS
	}
	return codec.WithTTL(r.body, plan.TTLMS), plan.TTLMS
}

// pending is a row that waits for its answer.
type pending = sender.Pending[row, answer]

type status int

const (
	statusFailed  status = iota // err says why; nothing was queued
	statusUnknown               // err says why; it may have been queued
	statusQueued
	statusDuplicate // id is the player's live ticket, value its record
	statusKnown     // value is the one of the id
	statusPaused
)

type answer struct {
	status    status
	nowMS     int64  // when Redis gave it
	ttlMS     int64  // of the ticket
	id, value string // the value also of a queued one whose player had waited before
	err       error
}

func newSender(m *Matcher) *sender.Sender[row, answer] {
	return sender.New(sender.Config[row, answer]{
		Space: m.space, Limit: m.cfg.Limit, Room: m.cfg.Backlog, Send: m.enqueueRows, Sent: m.atOnce.sent,
		Failed:  func(err error) answer { return answer{status: statusFailed, err: err} },
		Unknown: func(err error) answer { return answer{status: statusUnknown, err: err} },
	})
}

func decodeEnqueue(r *space.Reply, answers []answer) error {
	now := r.Number()
	for r.More() {
		exception := r.List()
		i := exception.Index(len(answers))
		switch word := exception.Text(); word {
		case "duplicate":
			answers[i] = answer{status: statusDuplicate, nowMS: now, id: exception.Text(), value: exception.Text()}
		case "known":
			answers[i] = answer{status: statusKnown, nowMS: now, value: exception.Text()}
		case "moved":
			answers[i].status, answers[i].nowMS, answers[i].value = statusQueued, now, exception.Text()
		case "paused":
			answers[i] = answer{status: statusPaused}
		default:
			exception.Failf("exception %q", word)
		}
		r.Done(exception)
	}
	if r.Err != nil {
		return r.Err
	}
	for i := range answers {
		if answers[i].status == statusFailed {
			answers[i].status, answers[i].nowMS = statusQueued, now
		}
	}
	return nil
}
