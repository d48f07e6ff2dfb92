package testkit

import (
	"sync/atomic"
	"testing"
	"time"
)

// MeasureLag measures how late this machine runs due work, and returns the worst so far. Tests that promise times add
// it to theirs: a busy machine delays nodes and scripts just the same.
func MeasureLag(t *testing.T) (worst func() time.Duration) {
	t.Helper()
	const step = 5 * time.Millisecond
	var lag atomic.Int64
	ticker := time.NewTicker(step)
	t.Cleanup(ticker.Stop)
	go func() {
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
			case <-t.Context().Done():
				return
			}
			now := time.Now()
			lag.Store(max(lag.Load(), int64(now.Sub(last)-step)))
			last = now
		}
	}()
	return func() time.Duration { return time.Duration(lag.Load()) }
}
