package matchq

import (
	"context"
	"time"
)

// Forget makes one call to forget.lua, as Run does when something is older than Config.Retention.
func (m *Matcher) Forget(ctx context.Context) (more bool, err error) { return m.forget(ctx) }

// Settle makes one call to settle.lua, as Run does when the deadline of a proposal is over.
func (m *Matcher) Settle(ctx context.Context) (more bool, err error) { return m.settleOverdue(ctx) }

// TickOnce makes one call to tick.lua, so that a batch may be left half done, as by a node that dies.
func (m *Matcher) TickOnce(ctx context.Context, queue string) (TickReport, error) {
	reports, _, err := m.tick(ctx, []visit{{queue: queue}})
	if err != nil {
		return TickReport{}, err
	}
	return reports[0], nil
}

// SyncEvery has a node that does not run yet look more often for what it missed.
func (n *Node) SyncEvery(d time.Duration) { n.syncEvery = d }
