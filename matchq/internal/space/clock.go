package space

import "time"

// Clock notices that Redis's clock was set back, by the time that passed here since it was last seen.
type Clock struct {
	redis, here time.Time
}

// setBack is by how much the clock must be behind to have been set back, rather than read over a slow connection. A
// smaller jump delays by no more than that.
const setBack = 200 * time.Millisecond

// Seen notes the time.
func (c *Clock) Seen(now time.Time) { c.redis, c.here = now, time.Now() }

// WentBack says whether the clock was set back since it was last seen. The first time it may have been.
func (c *Clock) WentBack(now time.Time) bool {
	return c.here.IsZero() || now.Before(c.redis.Add(time.Since(c.here)-setBack))
}
