package main

import (
	"slices"
	"time"
)

// windows has, for each queue, the moments at which it was due, by this computer's clock. Answers tell how far off the
// next one is, but not when they left the server: each gives a range, and the ranges of many players narrow it down.
type windows map[string][]window

// window is a moment at which a queue is due, not before from and not after to.
type window struct{ from, to time.Time }

// learn notes that a queue is due in a range.
func (w windows) learn(queue string, from, to time.Time) {
	known := w[queue]
	for i := len(known) - 1; i >= 0; i-- {
		k := &known[i]
		if from.After(k.to) {
			break // known are in order
		}
		if to.Before(k.from) {
			continue
		}
		if from.After(k.from) {
			k.from = from
		}
		if to.Before(k.to) {
			k.to = to
		}
		return
	}
	if n := len(known); n == 0 || from.After(known[n-1].to) {
		w[queue] = append(known, window{from, to})
	}
}

// last returns when a queue was last due before a moment; zero if unknown. It is the middle of the range.
func (w windows) last(queue string, moment time.Time) time.Time {
	for _, known := range slices.Backward(w[queue]) {
		from, to := known.from, known.to
		if from.After(moment) {
			continue
		}
		if to.After(moment) {
			to = moment
		}
		return from.Add(to.Sub(from) / 2)
	}
	return time.Time{}
}
