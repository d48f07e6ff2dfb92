package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
)

var (
	pauseScript = space.Bind[pauseArgs]("match/pause")
	drainScript = space.Bind[drainArgs]("match/drain")
)

type pauseArgs struct {
	Version    string `lua:"version"`
	Queue      string `lua:"queue"`
	Pausing    bool   `lua:"pausing"`
	IntervalMS int64  `lua:"interval_ms"`
	PhaseMS    int64  `lua:"phase_ms"`
}

type drainArgs struct {
	Queue   string `lua:"queue"`
	Reason  string `lua:"reason"`
	Limit   int    `lua:"limit"`
	UntilMS int64  `lua:"until_ms"`
}

// Pause lets a queue refuse newcomers and form no matches; its tickets keep waiting and may expire. Safe to repeat.
// Errors: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Pause(ctx context.Context, queue string) error {
	return m.setPaused(ctx, queue, true)
}

// Resume ends a pause. Safe to repeat. Errors as for Pause.
func (m *Matcher) Resume(ctx context.Context, queue string) error {
	return m.setPaused(ctx, queue, false)
}

func (m *Matcher) setPaused(ctx context.Context, queue string, paused bool) error {
	if err := CheckName("queue", queue); err != nil {
		return err
	}
	return m.rules.Do(ctx, func(book *rulebook.Book) error {
		plan := book.Plan(queue)
		_, err := pauseScript.Call(ctx, m.space, pauseArgs{
			Version: book.Version, Queue: queue, Pausing: paused, IntervalMS: plan.IntervalMS, PhaseMS: plan.PhaseMS(queue),
		})
		return err
	})
}

// Drain cancels every ticket that waits or is proposed in a queue when it starts, and returns how many. Tickets that are
// enqueued meanwhile stay, and wait again if they were proposed with a cancelled one: Pause first to let nobody in. After
// an error the tickets counted were cancelled, and it is safe to repeat. Errors: *InvalidError, *ConfigError,
// ErrUnavailable.
func (m *Matcher) Drain(ctx context.Context, queue string) (int, error) {
	if err := CheckName("queue", queue); err != nil {
		return 0, err
	}
	args := drainArgs{Queue: queue, Reason: ReasonDrained, Limit: m.cfg.Limit}
	total := 0
	for {
		r, err := drainScript.Call(ctx, m.space, args)
		if err != nil {
			return total, err
		}
		args.UntilMS = r.Number()
		total += int(r.Number())
		if more := r.Number() == 1; !more || r.Err != nil {
			return total, r.Err
		}
	}
}
