package main

import (
	"context"
	"fmt"
	"io"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// printer writes spans as lines, in place of an exporter.
type printer struct{ out io.Writer }

// ExportSpans writes spans.
func (p printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		parent := "a trace of its own"
		if s.Parent().IsValid() {
			parent = "in " + s.Parent().SpanID().String()
		}
		fmt.Fprintln(p.out, s.SpanContext().SpanID(), s.Name(), s.EndTime().Sub(s.StartTime()).Round(10*time.Microsecond), parent)
	}
	return nil
}

// Shutdown has nothing to end.
func (printer) Shutdown(context.Context) error { return nil }
