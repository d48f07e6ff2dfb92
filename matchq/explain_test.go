package matchq_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

func explain(t testing.TB, m *matchq.Matcher, id string) matchq.Explanation {
	t.Helper()
	e, err := m.Explain(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The nearest candidate, the rule that is in the way, and when it no longer is.
func TestExplain(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"q": {TicketTTL: time.Hour, Rules: []rules.Rule{
			{Name: "skill", Type: rules.Distance, Max: 50, Expand: rules.Expand{By: 10, Every: time.Minute, To: 600}},
			{Name: "modes", Type: rules.Overlap, Attribute: "modes"},
		}}}})
		a := enqueueRated(t, m, "a", 1000, `{"modes":["duel"]}`)
		if e := explain(t, m, a.ID); e.Others != 0 || e.Candidate != "" || e.Ticket.Player != "a" || e.Rules.Pattern != "q" {
			t.Errorf("alone: %+v", e)
		}
		b := enqueueRated(t, m, "b", 1350, `{"modes":["duel"]}`)
		c := enqueueRated(t, m, "c", 1010, `{"modes":["team"]}`)
		e := explain(t, m, a.ID)
		if e.Others != 2 || e.Permitted != 0 || e.Candidate != b.ID || e.Rule != "skill" || e.Gap == nil || *e.Gap != 350 ||
			e.MeetIn < 29*time.Minute || e.MeetIn > 30*time.Minute {
			t.Errorf("too far apart: %+v", e)
		}
		if e := explain(t, m, c.ID); e.Rule != "modes" || e.MeetIn != matchq.Never || e.Candidate != a.ID {
			t.Errorf("no mode in common: %+v", e)
		}
		d := enqueueRated(t, m, "d", 1340, `{"modes":["duel"]}`)
		if e := explain(t, m, b.ID); e.Permitted != 1 || e.Candidate != d.ID || e.MeetIn != 0 || e.Rule != "" {
			t.Errorf("in the next window: %+v", e)
		}
		if err := m.Pause(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		if e := explain(t, m, b.ID); !e.Paused {
			t.Errorf("paused: %+v", e)
		}
		if err := m.Cancel(t.Context(), c.ID, ""); err != nil {
			t.Fatal(err)
		}
		if e := explain(t, m, c.ID); e.Ticket.State != matchq.Cancelled || e.Candidate != "" {
			t.Errorf("cancelled: %+v", e)
		}
		if _, err := m.Explain(t.Context(), "nobody"); !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		other := enqueue(t, m, "without-rules", "e")
		enqueue(t, m, "without-rules", "f")
		if e := explain(t, m, other.ID); e.Others != 1 || e.Permitted != 1 {
			t.Errorf("without rules: %+v", e)
		}
	})
}

// A limit that grows for longer than anybody can wait says Never: no time below zero.
func TestExplainNever(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	const century = 100 * 365 * 24 * time.Hour
	for i, by := range []float64{1, 0.5, 1e-9} {
		m := newMatcher(t, env, matchq.Config{})
		setRules(t, m, "*", matchq.Rules{TicketTTL: matchq.Never, Rules: []rules.Rule{
			{Type: rules.Distance, Max: 1, Expand: rules.Expand{By: by, Every: century, To: 1e15}},
		}})
		name := string(rune('a' + i))
		a := enqueueRated(t, m, "a"+name, 2, `{}`)
		b := enqueueRated(t, m, "b"+name, 12, `{}`)
		if e := explain(t, m, a.ID); e.MeetIn != matchq.Never || e.Candidate != b.ID {
			t.Errorf("by %v each century: %+v", by, e)
		}
		for _, id := range []string{a.ID, b.ID} {
			if err := m.Cancel(t.Context(), id, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
}
