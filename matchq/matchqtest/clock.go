package matchqtest

import (
	"testing"
	"time"
)

// Clock is the time of an embedded server, which passes only when the test says so. Windows, times to live, ready checks and
// the retention go by it.
//
// Tick works by it at any time. Run and presence nodes see a Clock that was advanced as a Redis whose clock was set.
type Clock struct {
	env *Env
	now time.Time
}

// FakeClock stops the time of an embedded server. It starts at a whole minute, the same in every test.
func (e *Env) FakeClock(t testing.TB) *Clock {
	t.Helper()
	if e.Embedded == nil {
		t.Fatal("only an embedded server has a fake clock: use matchqtest.Embedded")
	}
	c := &Clock{env: e, now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	e.Embedded.SetTime(c.now)
	return c
}

// Now is the time of Redis.
func (c *Clock) Now() time.Time { return c.now }

// Advance lets time pass, at once. Keys of the server that expire by then are gone.
func (c *Clock) Advance(d time.Duration) {
	c.now = c.now.Add(d)
	c.env.Embedded.SetTime(c.now)
	c.env.Embedded.FastForward(d)
}
