package main

import (
	"sync"
	"time"
)

// clock tells how far Redis's clock is from this computer's. What Redis stamped between two moments here gives a range;
// many narrow it down.
type clock struct {
	mu          sync.Mutex
	known       bool
	least, most time.Duration // to add to Redis's time
}

// learn notes that Redis stamped something between two moments.
func (c *clock) learn(stamp, after, before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	least, most := after.Sub(stamp), before.Sub(stamp)
	if c.known {
		least, most = max(least, c.least), min(most, c.most)
	}
	c.known, c.least, c.most = true, least, most
}

// here converts Redis's time to this computer's; zero if that is not known.
func (c *clock) here(stamp time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return time.Time{}
	}
	return stamp.Add((c.least + c.most) / 2)
}
