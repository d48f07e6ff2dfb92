package space

import (
	"context"
	"errors"
	"log/slog"
)

// Outage is a time in which work waits because Redis is away, or refuses. It logs once when it begins, once for each other
// refusal, and once when it is over. It is for one goroutine.
type Outage struct {
	Log    *slog.Logger
	Begins string // is logged with the error
	Ends   string
	Attrs  []any // are logged with both

	pause Backoff
	began bool
	code  string // of the refusal logged last
}

// Note logs an error unless that was done.
func (o *Outage) Note(err error) {
	code := o.code
	if refused, ok := errors.AsType[*refusedError](err); ok {
		code = refused.Code
	}
	if !o.began || code != o.code {
		attrs := append([]any{"error", err}, o.Attrs...)
		if code != "" {
			attrs = append(attrs, "code", code)
		}
		o.Log.Warn(o.Begins, attrs...)
	}
	o.began, o.code = true, code
}

// Wait notes an error and waits, longer each time.
func (o *Outage) Wait(ctx context.Context, err error) {
	o.Note(err)
	Sleep(ctx, o.pause.Next())
}

// Began says whether it has begun and is not over.
func (o *Outage) Began() bool { return o.began }

// Over says that a call worked.
func (o *Outage) Over() {
	if !o.began {
		return
	}
	o.Log.Info(o.Ends, o.Attrs...)
	o.began, o.code = false, ""
	o.pause.Reset()
}
