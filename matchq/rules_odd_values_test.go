package matchq_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// Attributes may be any JSON. A value that is no object has no attribute for rules, and keeps nobody else from a match.
func TestAttributesWithoutNames(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": {
			Interval: time.Hour, Rules: []rules.Rule{{Type: rules.Equal, Attribute: "lang", Default: "en"}},
		}}})
		var odd []string
		for i, text := range []string{`3`, `true`, `null`, `"lang"`, `["lang"]`} {
			queue := "q" + strconv.Itoa(i)
			ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: "odd" + queue, Attributes: json.RawMessage(text)})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				_, err := m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: name + queue, Attributes: json.RawMessage(`{"lang":"de"}`)})
				if err != nil {
					t.Fatal(err)
				}
			}
			if e, err := m.Explain(t.Context(), ticket.ID); err != nil || e.Rule != "lang" || e.Others != 2 {
				t.Errorf("explanation of a ticket with %s: %+v, %v", text, e, err)
			}
			if r, err := m.Tick(t.Context(), queue); err != nil || r.Matches != 1 || r.Left != 1 {
				t.Errorf("a queue with %s: %+v, %v", text, r, err)
			}
			odd = append(odd, ticket.ID)
		}
		for i, id := range odd {
			if ticket, err := m.Ticket(t.Context(), id); err != nil || ticket.State != matchq.Waiting {
				t.Errorf("ticket %d: %+v, %v", i, ticket, err)
			}
		}
	})
}

// The gap of the greatest numbers is none: the data of a match must be JSON, whatever players write.
func TestGreatestNumbers(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for size := 2; size <= 3; size++ {
			m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": {
				Interval: time.Hour, Size: size, Rules: []rules.Rule{{Type: rules.Distance, Max: 1, OptionalAfter: time.Millisecond}},
			}}})
			var first matchq.Ticket
			for i, rating := range []float64{math.MaxFloat64, -math.MaxFloat64, 0}[:size] {
				ticket, err := m.Enqueue(t.Context(), matchq.Request{
					Queue: "q", Player: strconv.Itoa(i), Rating: &rating, WaitingSince: time.Now().Add(-time.Minute),
				})
				if err != nil {
					t.Fatal(err)
				}
				first = ticket
			}
			if r, err := m.Tick(t.Context(), "q"); err != nil || r.Matches != 1 {
				t.Fatalf("tick: %+v, %v", r, err)
			}
			ticket, err := m.Ticket(t.Context(), first.ID)
			if err != nil {
				t.Fatal(err)
			}
			var told struct {
				Rules []rules.Effect `json:"rules"`
			}
			if err := json.Unmarshal(ticket.Match.Data, &told); err != nil || len(told.Rules) != 1 || *told.Rules[0].Gap != 2e300 {
				t.Errorf("data %s, %v", ticket.Match.Data, err)
			}
		}
	})
}
