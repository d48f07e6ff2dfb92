package main

import (
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	o := &options{rate: 100, ramp: 2 * time.Second}
	for n, want := range map[int]time.Duration{0: 0, 25: time.Second, 100: 2 * time.Second, 200: 3 * time.Second} {
		if got := o.arrival(n).Round(time.Millisecond); got != want {
			t.Errorf("%d asks after %v, want %v", n, got, want)
		}
	}
	o.burst = true
	if got := o.arrival(1000); got != 0 {
		t.Errorf("in a burst one asks after %v", got)
	}
}

func TestQueuesAreSkewed(t *testing.T) {
	for zipf, share := range map[float64][2]int{0: {50, 150}, 2: {500, 700}} {
		choose, first := queues(&options{queue: "q", queues: 10, zipf: zipf, seed: 7}), 0
		for range 1000 {
			if choose() == "q-1" {
				first++
			}
		}
		if first < share[0] || first > share[1] {
			t.Errorf("exponent %v: the first of ten queues has %d of 1,000 players", zipf, first)
		}
	}
}

func TestWindows(t *testing.T) {
	w, begin := windows{}, time.Now()
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	for _, known := range [][2]int{{1000, 1400}, {900, 1300}, {1100, 2000}, {6000, 6200}, {1000, 1200}} {
		w.learn("q", at(known[0]), at(known[1]))
	}
	for moment, want := range map[int]time.Time{1050: {}, 1120: at(1110), 1500: at(1150), 5900: at(1150), 9000: at(6100)} {
		if got := w.last("q", at(moment)); !got.Equal(want) {
			t.Errorf("at %d the queue was last due at %v", moment, got.Sub(begin))
		}
	}
	if got := w.last("other", at(9000)); !got.IsZero() {
		t.Errorf("another queue was due at %v", got)
	}
}

func TestClock(t *testing.T) {
	var c clock
	begin := time.Now()
	if !c.here(begin).IsZero() {
		t.Error("a clock that has learned nothing knows the time")
	}
	redis := begin.Add(-time.Hour)
	c.learn(redis.Add(50*time.Millisecond), begin, begin.Add(400*time.Millisecond))
	c.learn(redis.Add(850*time.Millisecond), begin.Add(845*time.Millisecond), begin.Add(855*time.Millisecond))
	if got := c.here(redis.Add(2 * time.Second)).Sub(begin); got != 2*time.Second {
		t.Errorf("Redis's two seconds are %v here", got)
	}
}
