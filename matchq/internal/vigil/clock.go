package vigil

import "time"

// reading is a time of Redis's clock, which was read between two times of this process's.
type reading struct{ redis, sent, got time.Time }

// slack is how much a clock may gain or lose between two readings without having been set.
const slack = 500 * time.Millisecond

// jumped says whether Redis's clock was set, in either direction, after an earlier reading.
func (r reading) jumped(since reading) bool {
	if since.got.IsZero() {
		return false
	}
	passed := r.redis.Sub(since.redis)
	return passed > r.got.Sub(since.sent)+slack || passed < r.sent.Sub(since.got)-slack
}
