package testkit

import "context"

// Deadline returns a context whose deadline passes when the test says so.
func Deadline(ctx context.Context) (_ context.Context, pass func()) {
	d := &deadline{ctx, make(chan struct{})}
	return d, func() { close(d.passed) }
}

type deadline struct {
	context.Context

	passed chan struct{}
}

func (d *deadline) Done() <-chan struct{} { return d.passed }

func (d *deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
