package metrics

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func (t *tally) add(o tally) {
	t.enqueued += o.enqueued
	t.matches += o.matches
	t.failures += o.failures
	for i := range t.finished {
		t.finished[i] += o.finished[i]
	}
}

func (t *tally) grownFrom(o tally) bool {
	grown := t.enqueued >= o.enqueued && t.matches >= o.matches && t.failures >= o.failures
	for i := range t.finished {
		grown = grown && t.finished[i] >= o.finished[i]
	}
	return grown
}

// crowd is a run of random events in random queues.
type crowd struct {
	queues *queues
	now    time.Time
	before map[string]tally // as of the last scrape
	gone   tally            // in removed labels
	all    tally            // the whole count
	names  []string
}

func newCrowd(names int) *crowd {
	c := &crowd{queues: newQueues(), now: time.UnixMilli(0), names: []string{otherLabel, "", "é\"\\\n"}}
	for i := range names {
		c.names = append(c.names, fmt.Sprint("q", i))
	}
	c.before = c.queues.all()
	return c
}

// some draws names; the first names are the most frequent.
func (c *crowd) some(t *rapid.T) string {
	return c.names[min(rapid.IntRange(0, len(c.names)-1).Draw(t, "a"), rapid.IntRange(0, len(c.names)-1).Draw(t, "b"))]
}

func (c *crowd) count(t *rapid.T) {
	name, times := c.some(t), rapid.IntRange(1, 20).Draw(t, "times")
	one := tally{enqueued: rapid.Int64Range(0, 1).Draw(t, "enqueued"), matches: rapid.Int64Range(0, 1).Draw(t, "matches")}
	one.failures = rapid.Int64Range(0, 1).Draw(t, "failures")
	one.finished[rapid.IntRange(0, 2).Draw(t, "outcome")] = 2
	for range times {
		c.queues.count(name, func(t *tally) { t.add(one) })
		c.all.add(one)
	}
}

func (c *crowd) review(t *rapid.T) {
	waiting := map[string]int{}
	for range rapid.IntRange(0, 30).Draw(t, "queues") {
		waiting[c.some(t)] = rapid.IntRange(0, 50).Draw(t, "waiting")
	}
	c.now = c.now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "half minutes")) * reviewPeriod / 2)
	c.queues.review(waiting, c.now)
}

// check reads the labels like a scrape.
func (c *crowd) check(t *rapid.T) {
	now := c.queues.all()
	if _, ok := now[otherLabel]; !ok || len(now) > maxLabels+1 || len(c.queues.recent) > maxRecent {
		t.Fatalf("there are %d labels, and %d names are remembered", len(now), len(c.queues.recent))
	}
	sum := c.gone
	for label, before := range c.before {
		after, ok := now[label]
		if !ok {
			sum.add(before) // check runs before each review, so this was the final count
		} else if !after.grownFrom(before) {
			t.Fatalf("%q fell from %+v to %+v", label, before, after)
		}
	}
	c.gone = sum
	for _, tally := range now {
		sum.add(tally)
	}
	if sum != c.all {
		t.Fatalf("%+v was counted, but the labels say %+v", c.all, sum)
	}
	c.before = now
}

// TestLabels checks that there are at most 101 labels, that no counter falls while its label exists, and that all
// labels, with the removed ones, have the whole count.
func TestLabels(t *testing.T) {
	for _, names := range []int{20, 99, 300} {
		t.Run(fmt.Sprint(names), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := newCrowd(names)
				for i := range names { // most have a label from the start
					c.queues.count(c.names[i], func(t *tally) { t.enqueued++ })
					c.all.enqueued++
				}
				t.Repeat(map[string]func(*rapid.T){
					"count": c.count,
					"review": func(t *rapid.T) {
						c.check(t) // before labels change, to know their final counts
						c.review(t)
					},
					"": c.check,
				})
			})
		})
	}
}

// The busiest queues get labels in the end, however many other names there are.
func TestBusiestHaveLabels(t *testing.T) {
	q := newQueues()
	now := time.UnixMilli(0)
	for i := range 20 * maxRecent {
		q.count(fmt.Sprint("once ", i), func(t *tally) { t.enqueued++ })
		if i%20 == 0 {
			q.count(fmt.Sprint("busy ", rand.IntN(20)), func(t *tally) { t.enqueued++ })
		}
	}
	q.review(map[string]int{"crowded": 1000, "lonely": 1}, now.Add(reviewPeriod))
	labels := slices.Collect(maps.Keys(q.all()))
	for i := range 20 {
		if name := fmt.Sprint("busy ", i); !slices.Contains(labels, name) {
			t.Errorf("%s has no label", name)
		}
	}
	if !slices.Contains(labels, "crowded") || slices.Contains(labels, "lonely") || len(labels) != maxLabels+1 {
		t.Errorf("the labels are %q", labels)
	}
	if len(q.recent) > maxRecent {
		t.Errorf("%d names are remembered", len(q.recent))
	}
}

// A queue that is about as busy as another does not take its label, or labels would change all the time.
func TestLabelsStay(t *testing.T) {
	q := newQueues()
	now := time.UnixMilli(0)
	for minute := range 30 {
		for i := range 2 * maxLabels {
			for range 10 + rand.IntN(5) {
				q.count(fmt.Sprint(i), func(t *tally) { t.enqueued++ })
			}
		}
		before := q.all()
		q.review(nil, now.Add(time.Duration(minute)*reviewPeriod))
		for label := range before {
			if _, ok := q.all()[label]; !ok {
				t.Fatalf("%s lost its label in minute %d", label, minute)
			}
		}
	}
}
