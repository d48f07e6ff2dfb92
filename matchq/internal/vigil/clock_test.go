package vigil

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A clock that is set differs from one that is read by slow calls.
func TestJumped(t *testing.T) {
	begin := time.Now()
	at := func(redis, sent, got time.Duration) reading {
		return reading{begin.Add(redis), begin.Add(sent), begin.Add(got)}
	}
	const s = time.Second
	for _, c := range []struct {
		last, now reading
		jumped    bool
	}{
		{reading{}, at(0, 0, 0), false},
		{at(0, 0, 0), at(s, s, s), false},
		{at(0, 0, 9*s), at(10*s, 10*s, 10*s), false}, // an answer that was slow
		{at(9*s, 0, 9*s), at(10*s, 10*s, 19*s), false},
		{at(0, 0, 0), at(3*s, s, s), true},
		{at(0, 0, 0), at(-2*s, s, s), true},
		{at(0, 0, s), at(2*s, s, s), true},
	} {
		if got := c.now.jumped(c.last); got != c.jumped {
			t.Errorf("%+v after %+v: %v", c.now, c.last, got)
		}
	}
}

// Followers are called when Redis's clock is set, forward or back.
func TestFollowersHearOfJumps(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	v := newVigil(t, env, nil)
	called := make(chan struct{}, 10)
	defer v.Follow(t.Context(), 0, func() { called <- struct{}{} })()
	matchqtest.Eventually(t, "it has looked", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.known != nil
	})
	for _, jump := range []time.Duration{time.Hour, 0} {
		env.Embedded.SetTime(now.Add(jump))
		select {
		case <-called:
		case <-time.After(matchqtest.Patience):
			t.Fatalf("%v: not called", jump)
		}
	}
	// While the test stalls, the clock of this Redis stands still, and so counts as set once more.
	if v.Jumps() < 2 {
		t.Errorf("%d jumps", v.Jumps())
	}
}
