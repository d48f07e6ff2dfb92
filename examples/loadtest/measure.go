package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The measures, in the order of a player's path.
const (
	askedQueued = iota
	queuedMatched
	tickTold
	askedTold
	brokenKnown
	measures // the number of measures
)

var measureNames = [measures]string{
	askedQueued:   "asked → queued",
	queuedMatched: "queued → matched",
	tickTold:      "tick → told",
	askedTold:     "asked → told",
	brokenKnown:   "disconnected → state known",
}

// measure is a distribution of times.
type measure struct {
	histogram *hdrhistogram.Histogram // of microseconds
}

// longest is the longest time that a measure tells apart.
const longest = time.Hour

func newMeasure() *measure {
	return &measure{hdrhistogram.New(1, longest.Microseconds(), 3)}
}

func (m *measure) add(d time.Duration) {
	_ = m.histogram.RecordValue(min(max(d, 0), longest).Microseconds()) // in range
}

func (m *measure) count() int64 { return m.histogram.TotalCount() }

// at returns a percentile in milliseconds.
func (m *measure) at(percentile float64) float64 {
	return float64(m.histogram.ValueAtPercentile(percentile)) / 1000
}
