package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/sender"
	"github.com/matchq/matchq/matchq/internal/space"
)

var enqueueScript = space.Bind[enqueueArgs]("match/enqueue")

type enqueueArgs struct {
	IntervalMS int64        `lua:"interval_ms"`
	Runs       []enqueueRun `lua:"run"`
	Rows       []enqueueRow `lua:"row"`
}

// enqueueRun is consecutive rows of one queue and one time to live.
type enqueueRun struct {
	Queue   string `lua:"queue"`
	PhaseMS int64  `lua:"phase_ms"`
	TTLMS   int64  `lua:"ttl_ms"`
	LastRow int    `lua:"last_row"`
}

type enqueueRow struct {
	ID     string `lua:"id"`
	Player string `lua:"player"`
	Body   string `lua:"body"`
}

// enqueueRows enqueues rows, which are sorted by queue, and fills in an answer for each.
func (m *Matcher) enqueueRows(ctx context.Context, batch []*pending, answers []answer) error {
	args := enqueueArgs{IntervalMS: m.cfg.intervalMS(), Rows: make([]enqueueRow, len(batch))}
	for i, p := range batch {
		t, ttlMS := &p.Row.ticket, p.Row.ttlMS
		args.Rows[i] = enqueueRow{ID: t.ID, Player: t.Player, Body: p.Row.body}
		if i+1 < len(batch) && batch[i+1].Row.ticket.Queue == t.Queue && batch[i+1].Row.ttlMS == ttlMS {
			continue // the run goes on
		}
		args.Runs = append(args.Runs, enqueueRun{Queue: t.Queue, PhaseMS: m.cfg.phaseMS(t.Queue), TTLMS: ttlMS, LastRow: i + 1})
	}
	r, err := enqueueScript.CallToEnd(ctx, m.space, args)
	if err != nil {
		return err
	}
	return decodeEnqueue(r, answers)
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
	nowMS     int64 // when Redis gave it
	id, value string
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
			answers[i] = answer{status: statusQueued, nowMS: now}
		}
	}
	return nil
}
