package space

import (
	"context"
	"time"
)

// Backoff is how long to wait before asking a Redis that is away again: 50 ms, doubling up to 1 s. Its zero value is
// ready to use.
type Backoff struct{ last time.Duration }

// Next is how long to wait this time.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(2*b.last, 50*time.Millisecond), time.Second)
	return b.last
}

// Began says whether Next was called since the last Reset.
func (b *Backoff) Began() bool { return b.last > 0 }

// Reset starts from the shortest wait again.
func (b *Backoff) Reset() { b.last = 0 }

// Sleep waits for a time, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
