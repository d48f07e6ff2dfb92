package matchq_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// listOf is attributes of 4 KiB whose list a has one element, many times.
func listOf(element string) string {
	n := (matchq.MaxAttributes - len(`{"a":[]}`)) / (len(element) + 1)
	return `{"a":[` + strings.Repeat(element+",", n-1) + element + `]}`
}

// cpuOf is how long Redis computes for a call.
func cpuOf(t *testing.T, rdb redis.UniversalClient, call func()) time.Duration {
	t.Helper()
	used := func() (sum time.Duration) {
		for line := range strings.Lines(rdb.Info(t.Context(), "cpu").Val()) {
			if name, text, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.HasSuffix(name, "_main_thread") {
				seconds, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += time.Duration(seconds * float64(time.Second))
			}
		}
		return sum
	}
	before := used()
	call()
	return used() - before
}

// Players who write the costliest attributes hold up Redis not much longer than any others of 4 KiB. A unit is a loop of
// 200,000 rounds, of about 1.9 ms. Without bounds these took 45, 28 and 8 units; now they take 13, 5 and 4.
func TestHostileAttributesCostLittle(t *testing.T) {
	env := matchqtest.Real(t)
	avoid := []rules.Rule{{Type: rules.Avoid, Attribute: "a"}, {Type: rules.Distance, Max: 50}}
	for _, c := range []struct {
		name, attributes string
		rules            []rules.Rule
		most             float64 // units
	}{
		{"numbers", listOf("1"), avoid, 28},
		{"tables", listOf(strings.Repeat("[", 30) + strings.Repeat("]", 30)), avoid, 16},
		{"text", `"` + strings.Repeat("x", 4000) + `"`, nil, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			least := math.Inf(1)
			for round := 0; round < 5 && least > c.most; round++ {
				unit := cpuOf(t, env.Client, func() {
					loop := "local sum = 0 for i = 1, 200000 do sum = sum + i % 7 end return tostring(sum)"
					if err := env.Client.Eval(t.Context(), loop, nil).Err(); err != nil {
						t.Fatal(err)
					}
				})
				least = min(least, float64(costOfTick(t, env, c.attributes, c.rules, round))/float64(unit))
			}
			t.Logf("%.1f units", least)
			if least > c.most {
				t.Errorf("a tick of 128 tickets took %.1f units at best, more than %.0f", least, c.most)
			}
		})
	}
}

// costOfTick is how long Redis computes for a tick of 128 tickets with some attributes.
func costOfTick(t *testing.T, env *matchqtest.Env, attributes string, list []rules.Rule, round int) time.Duration {
	t.Helper()
	m := newMatcher(t, env, matchq.Config{Limit: 128})
	r := matchq.Rules{Interval: time.Hour, Rules: list}
	if _, err := m.SetRules(t.Context(), "*", r, matchq.Edit{By: "test"}); err != nil {
		t.Fatal(err)
	}
	requests := make([]matchq.Request, 128)
	for i := range requests {
		requests[i] = matchq.Request{
			Queue: t.Name(), Player: fmt.Sprint(t.Name(), round, i), Rating: new(float64(i)), Attributes: json.RawMessage(attributes),
		}
	}
	results, err := m.EnqueueAll(t.Context(), requests)
	if err != nil || results[127].Err != nil {
		t.Fatal(err, results[127].Err)
	}
	return cpuOf(t, env.Client, func() {
		if report, err := m.Tick(t.Context(), t.Name()); err != nil || report.Matches < 60 {
			t.Fatalf("tick: %+v, %v", report, err)
		}
	})
}

// Rules read a bounded part of attributes, and say so.
func TestBoundsOfAttributes(t *testing.T) {
	t.Parallel()
	nobody := make([]string, 256)
	for i := range nobody {
		nobody[i] = strconv.Quote(fmt.Sprint("nobody", i))
	}
	tables := strings.TrimSuffix(strings.Repeat("[],", 126), ",") // beside two others
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": {Interval: time.Hour, Rules: []rules.Rule{
			{Type: rules.Avoid, Attribute: "foes"}, {Type: rules.Equal, Attribute: "lang"},
		}}}})
		for i, c := range []struct {
			foe, attributes string
			meet            bool
		}{
			{"foe", `{"lang":"de","foes":["foe"]}`, false},
			{"foe", `{"lang":"de","foes":[` + strings.Join(nobody[1:], ",") + `,"foe"]}`, false},
			{"foe", `{"lang":"de","foes":[` + strings.Join(nobody, ",") + `,"foe"]}`, true}, // the 257th
			{"7", `{"lang":"de","foes":[7]}`, false},
			{"-7", `{"lang":"de","foes":[-7.0]}`, false},
			{"07", `{"lang":"de","foes":[7]}`, true},
			{"0x7", `{"lang":"de","foes":[7]}`, true},
			{"9007199254740991", `{"lang":"de","foes":[9007199254740991]}`, false},
			{"9007199254740992", `{"lang":"de","foes":[9007199254740993]}`, true}, // as float64 they are the same
			{"-9007199254740992", `{"lang":"de","foes":[-9007199254740993]}`, true},
			{"foe", `{"lang":"de","more":[` + tables + `]}`, true},
			{"foe", `{"lang":"de","more":[` + tables + `,[]]}`, false}, // as none: without lang it meets nobody
		} {
			queue := fmt.Sprint("q", i)
			for _, r := range []matchq.Request{
				{Player: c.foe, Attributes: json.RawMessage(`{"lang":"de"}`)}, {Player: "me", Attributes: json.RawMessage(c.attributes)},
			} {
				r.Queue = queue
				if _, err := m.Enqueue(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			if report, err := m.Tick(t.Context(), queue); err != nil || (report.Matches == 1) != c.meet {
				t.Errorf("%.60s and %s: %+v, %v", c.attributes, c.foe, report, err)
			}
			if _, err := m.Drain(t.Context(), queue); err != nil {
				t.Fatal(err)
			}
		}
	})
}
