package matchq

import (
	"context"
	"errors"
	"time"
)

// Forget makes one call to forget.lua, as Run does when an event is older than Config.Retention.
func (m *Matcher) Forget(ctx context.Context) (more bool, err error) { return m.forget(ctx) }

// Settle makes one call to settle.lua, as Run does when a proposal's deadline has passed.
func (m *Matcher) Settle(ctx context.Context) (more bool, err error) { return m.settleOverdue(ctx) }

// TickOnce makes one call to tick.lua, so it may leave a batch half done, like a node that dies.
func (m *Matcher) TickOnce(ctx context.Context, queue string) (TickReport, error) {
	reports, _, err := m.tick(ctx, []visit{{queue: queue}})
	if err != nil {
		return TickReport{}, err
	}
	return reports[0], nil
}

// TickTogether makes one call to tick.lua for some queues.
func (m *Matcher) TickTogether(ctx context.Context, queues ...string) error {
	visits := make([]visit, len(queues))
	for i, queue := range queues {
		visits[i].queue = queue
	}
	_, _, err := m.tick(ctx, visits)
	return err
}

// TickQueue is Tick, but for forgetting.
func (m *Matcher) TickQueue(ctx context.Context, queue string) (TickReport, error) {
	report, err := m.tickQueue(ctx, queue)
	return report, errors.Join(err, report.Err)
}

// LookAtRedis notes which Redis this is, as Run and Watch do twice a second.
func (m *Matcher) LookAtRedis(ctx context.Context) error { return m.vigil.Check(ctx) }

// WakeAll has every queue visited in its next window, as Run does after a change of the rules.
func (m *Matcher) WakeAll(ctx context.Context) error { return m.wakeAll(ctx, time.Unix(0, 0)) }

// Waits says whether a Wait for a ticket was looked up.
func (m *Matcher) Waits(id string) bool { return m.waiters.Waits(id) }

// TellHooks calls hooks as work does that has just been done.
func (m *Matcher) TellHooks(r TickReport) {
	m.hooks.ticked(r)
	m.hooks.watched(&Event{})
	m.hooks.enqueued(nil, nil, time.Time{})
}
