package matchq_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Ticks of a timing of one's own forget tickets that ended long ago, without Run.
func TestTickAloneForgets(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{Retention: time.Minute, Limit: 32})
	now, most := time.Now(), int64(0)
	for round := range 60 {
		env.Embedded.SetTime(now.Add(time.Duration(round) * 3 * time.Second))
		for i := range 40 {
			enqueue(t, m, "q", fmt.Sprint(round, "-", i))
		}
		tick(t, m, "q")
		most = max(most, checkAudit(t, m).Stored)
	}
	if kept := int64(40 * 22); most > kept { // of a minute, and of a round on each side of it
		t.Errorf("up to %d tickets are stored, expected at most %d", most, kept)
	}
	env.Embedded.SetTime(now.Add(-time.Hour))
	for range most / 16 { // each tick forgets an entry at least
		tick(t, m, "q")
	}
	if s := checkAudit(t, m); s.Stored > 40 {
		t.Errorf("%d tickets are stored after the clock was set back", s.Stored)
	}
}

// How long ago a ticket ended is told by Redis's clock, whatever this process's says.
func TestEndedAgo(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{Retention: time.Hour})
	now := time.Now().Add(-24 * time.Hour)
	env.Embedded.SetTime(now)
	ticket := enqueue(t, m, "q", "alice")
	enqueue(t, m, "q", "bob")
	tick(t, m, "q")
	for _, passed := range []time.Duration{0, time.Minute, -time.Minute} {
		env.Embedded.SetTime(now.Add(passed))
		got, err := m.Ticket(t.Context(), ticket.ID)
		if err != nil || got.State != matchq.Matched || got.EndedAgo != max(0, passed) {
			t.Errorf("after %v it ended %v ago, %v", passed, got.EndedAgo, err)
		}
	}
}
