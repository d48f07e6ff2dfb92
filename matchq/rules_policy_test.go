package matchq_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// did is the words of the rules about a match.
type did struct {
	Rules []struct {
		Rule   string
		Gap    float64
		Limit  float64
		Common string
		Waived int
	}
}

func didOf(t testing.TB, match *matchq.Match) (d did) {
	t.Helper()
	if match == nil {
		t.Fatal("no match")
	}
	if err := json.Unmarshal(match.Data, &d); err != nil {
		t.Fatalf("data %s: %v", match.Data, err)
	}
	return d
}

func enqueueRated(t testing.TB, m *matchq.Matcher, player string, rating float64, attributes string) matchq.Ticket {
	t.Helper()
	r := matchq.Request{Queue: "q", Player: player, Rating: &rating}
	if attributes != "" {
		r.Attributes = json.RawMessage(attributes)
	}
	ticket, err := m.Enqueue(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// By rules the nearest meet, the match says by which rule, and a player too far away waits until the limit has grown.
func TestRulesMatch(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"q": {Rules: []rules.Rule{
			{Type: rules.Distance, Max: 50, Expand: rules.Expand{By: 1000, Every: 100 * time.Millisecond, To: 5000}},
			{Type: rules.Overlap, Attribute: "modes"},
		}}}})
		enqueueRated(t, m, "a", 0, `{"modes":["duel","team"]}`)
		enqueueRated(t, m, "b", 1000, `{"modes":["team"]}`)
		enqueueRated(t, m, "c", 40, `{"modes":["team"]}`)
		enqueueRated(t, m, "d", 3000, `{"modes":["duel"]}`)
		tick(t, m, "q")
		match := ticketOf(t, m, "a").Match
		if d := didOf(t, match); match.Players()[1] != "c" || d.Rules[0].Gap != 40 || d.Rules[0].Limit < 50 || d.Rules[1].Common != "team" {
			t.Errorf("%v: %s", match.Players(), match.Data)
		}
		if got := ticketOf(t, m, "b"); got.State != matchq.Waiting {
			t.Errorf("b has no mode in common with d: %+v", got)
		}
		enqueueRated(t, m, "e", -2000, `{"modes":["duel"]}`)
		matchqtest.Eventually(t, "d and e have waited long enough", func() bool {
			tick(t, m, "q")
			return ticketOf(t, m, "e").State == matchq.Matched
		})
		if d := didOf(t, ticketOf(t, m, "e").Match); d.Rules[0].Gap != 5000 || d.Rules[0].Limit != 5000 {
			t.Errorf("%+v", d)
		}
		checkAudit(t, m)
	})
}

// The last opponents don't meet again, with a ready check or without, whichever of the two queued; then the rule is
// optional.
func TestRecentOpponentsAreKeptApart(t *testing.T) {
	for _, ready := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("ready check ", ready), func(t *testing.T) {
			matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
				t.Parallel()
				apart := matchq.Rules{ReadyTimeout: ready, Rules: []rules.Rule{{Type: rules.Avoid, Last: 2}}}
				m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": apart}})
				meet := func(players ...string) {
					t.Helper()
					for _, player := range players {
						enqueue(t, m, "q", player)
					}
					tick(t, m, "q")
					match := ticketOf(t, m, players[0]).Match
					if match == nil || len(match.Tickets) != 2 || !contains(match.Players(), players...) {
						t.Fatalf("%v must meet: %+v", players, ticketOf(t, m, players[0]))
					}
					for _, player := range match.Players() {
						if _, err := m.Accept(t.Context(), match.ID, player); ready > 0 && err != nil {
							t.Fatal(err)
						}
					}
				}
				meet("a", "b")
				enqueue(t, m, "q", "a")
				enqueue(t, m, "q", "b")
				tick(t, m, "q")
				if got := ticketOf(t, m, "a"); got.State != matchq.Waiting {
					t.Errorf("a and b meet again: %+v", got)
				}
				for _, player := range []string{"a", "b"} {
					if err := m.CancelPlayer(t.Context(), player); err != nil {
						t.Fatal(err)
					}
				}
				for i, pair := range [][2]string{{"a", "c"}, {"a", "d"}, {"b", "e"}} {
					meet(pair[0], pair[1])
					if i == 1 { // b is no opponent of a's last two, but a is one of b's
						enqueue(t, m, "q", "a")
						enqueue(t, m, "q", "b")
						tick(t, m, "q")
						if got := ticketOf(t, m, "a"); got.State != matchq.Waiting {
							t.Errorf("b has not forgotten a: %+v", got)
						}
						for _, player := range []string{"a", "b"} {
							if err := m.CancelPlayer(t.Context(), player); err != nil {
								t.Fatal(err)
							}
						}
					}
				}
				meet("b", "f")
				meet("b", "a")
				apart.Rules[0].OptionalAfter = time.Millisecond
				setRules(t, m, "*", apart)
				enqueue(t, m, "q", "a")
				enqueue(t, m, "q", "b")
				matchqtest.Eventually(t, "the rule is optional", func() bool {
					tick(t, m, "q")
					return ticketOf(t, m, "a").State != matchq.Waiting
				})
				if d := didOf(t, ticketOf(t, m, "a").Match); d.Rules[0].Waived != 1 {
					t.Errorf("%+v", d)
				}
				checkAudit(t, m)
			})
		})
	}
}

func contains(all []string, some ...string) bool {
	for _, one := range some {
		if all[0] != one && all[1] != one {
			return false
		}
	}
	return true
}

// Opponents are forgotten after an hour or two of Redis's clock, and not at a jump of it.
func TestOpponentsAreForgotten(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{TTL: matchq.Never, Rules: nil})
	setRules(t, m, "*", matchq.Rules{TicketTTL: rules.Never, Rules: []rules.Rule{{Type: rules.Avoid, Last: 1}}})
	play := func() matchq.State {
		enqueue(t, m, "q", "a")
		enqueue(t, m, "q", "b")
		tick(t, m, "q")
		return ticketOf(t, m, "a").State
	}
	if state := play(); state != matchq.Matched {
		t.Fatal(state)
	}
	others := func(n int) {
		for i := range 2 * n {
			enqueue(t, m, "r", fmt.Sprint(now.UnixNano(), "-", i))
		}
		tick(t, m, "r")
	}
	now = now.Add(61 * time.Minute)
	env.Embedded.SetTime(now)
	others(1)
	if state := play(); state != matchq.Waiting {
		t.Errorf("after an hour: %s", state)
	}
	for _, player := range []string{"a", "b"} {
		if err := m.CancelPlayer(t.Context(), player); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(61 * time.Minute)
	env.Embedded.SetTime(now)
	others(2)
	if state := play(); state != matchq.Matched {
		t.Errorf("after two hours: %s", state)
	}
}

// A small queue in which nobody may meet is visited when two of them may, not each window.
func TestTheNextVisitIsWhenTwoMayMeet(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{})
	widening := []rules.Rule{{Type: rules.Distance, Max: 50, Expand: rules.Expand{By: 10, Every: time.Second, To: 600}}}
	setRules(t, m, "q", matchq.Rules{Interval: time.Second, TicketTTL: time.Hour, Rules: widening})
	enqueueRated(t, m, "a", 1000, "")
	enqueueRated(t, m, "b", 1350, "")
	tick(t, m, "q")
	queue, err := m.Queue(t.Context(), "q")
	if earliest := now.Add(30 * time.Second); err != nil || queue.NextTick.Before(earliest) || queue.NextTick.After(earliest.Add(time.Second)) {
		t.Errorf("the next visit is at %v, and they may meet at %v: %v", queue.NextTick, earliest, err)
	}
	enqueueRated(t, m, "c", 5000, "")
	if queue, err = m.Queue(t.Context(), "q"); err != nil || queue.NextTick.After(now.Add(time.Second)) {
		t.Errorf("after a newcomer: %v, %v", queue.NextTick, err)
	}
	tick(t, m, "q")
	now = now.Add(30 * time.Second)
	env.Embedded.SetTime(now)
	tick(t, m, "q")
	if got := ticketOf(t, m, "b"); got.State != matchq.Matched {
		t.Errorf("%+v", got)
	}
	if queue, err = m.Queue(t.Context(), "q"); err != nil || queue.NextTick.Before(now.Add(50*time.Minute)) {
		t.Errorf("alone: %v, %v", queue.NextTick, err)
	}
	checkAudit(t, m)
}
