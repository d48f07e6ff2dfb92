package matchq_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// Attributes of players can't keep a queue from being matched: a match tells as much of its rules as there is room for.
func TestWhatRulesTellHasRoom(t *testing.T) {
	long := strings.Repeat("x", 1500)
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{})
		many := make([]rules.Rule, rules.MaxRules)
		for i := range many {
			many[i] = rules.Rule{Name: fmt.Sprintf("%0126d", i), Type: rules.Distance, Max: 50}
		}
		for name, list := range map[string][]rules.Rule{
			"a long element": {{Type: rules.Distance, Max: 50}, {Type: rules.Overlap, Attribute: "modes"}},
			"a long region":  {{Type: rules.Distance, Max: 50}, {Type: rules.Latency, Attribute: "ms", Max: 80}},
			"many rules":     many,
		} {
			setRules(t, m, "*", matchq.Rules{Rules: list})
			enqueueRated(t, m, "a", 0, `{"modes":["`+long+`"],"ms":{"`+long+`":3}}`)
			enqueueRated(t, m, "b", 40, `{"modes":["`+long+`"],"ms":{"`+long+`":4}}`)
			tick(t, m, "q")
			match := ticketOf(t, m, "a").Match
			if match == nil {
				t.Errorf("%s: no match", name)
				continue
			}
			if d := didOf(t, match); len(d.Rules) == 0 || d.Rules[0].Gap != 40 || !json.Valid(match.Data) || len(match.Data) > 1024 {
				t.Errorf("%s: %s", name, match.Data)
			}
		}
	})
}
