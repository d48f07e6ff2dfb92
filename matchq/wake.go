package matchq

import (
	"context"
	"time"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
)

// wakeAll has every queue visited in its next window that is not due before then. Scores of before a clock was set
// back, or the rules were changed, may lie too far in the future.
func (m *Matcher) wakeAll(ctx context.Context, now time.Time) error {
	var late []string
	err := m.scanDue(ctx, func(queue string, due time.Time) error {
		if due.IsZero() || due.After(now) {
			late = append(late, queue)
		}
		if len(late) < m.cfg.Limit {
			return nil
		}
		full := late
		late = nil
		return m.wake(ctx, full)
	})
	if err != nil || len(late) == 0 {
		return err
	}
	return m.wake(ctx, late)
}

// scanDue calls each for every queue that holds anybody, with when it is due: zero if only a newcomer wakes it. A queue
// may come twice.
func (m *Matcher) scanDue(ctx context.Context, each func(queue string, due time.Time) error) error {
	return space.ScanSet(ctx, m.space, space.Due, m.cfg.Limit, func(queue, score string) error {
		return each(queue, visit{fence: score}.window())
	})
}

var wakeScript = space.Bind[wakeArgs]("match/wake")

type wakeArgs struct {
	Version string    `lua:"version"`
	Rows    []wakeRow `lua:"row"`
}

type wakeRow struct {
	Queue      string `lua:"queue"`
	IntervalMS int64  `lua:"interval_ms"`
	PhaseMS    int64  `lua:"phase_ms"`
}

func (m *Matcher) wake(ctx context.Context, queues []string) error {
	return m.rules.Do(ctx, func(book *rulebook.Book) error {
		args := wakeArgs{Version: book.Version}
		for _, queue := range queues {
			plan := book.Plan(queue)
			args.Rows = append(args.Rows, wakeRow{Queue: queue, IntervalMS: plan.IntervalMS, PhaseMS: plan.PhaseMS(queue)})
		}
		_, err := wakeScript.Call(ctx, m.space, args)
		return err
	})
}
