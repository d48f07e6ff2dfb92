package rules

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestGroupsTellWhatTheRulesDid has single groups, and the words of each rule about them.
func TestGroupsTellWhatTheRulesDid(t *testing.T) {
	const ping = `{"rules":[{"name":"ping","type":"latency","attribute":"ms","max":80,"steps":[{"after":"20s","value":150}],"optional_after":"40s"}]}`
	near, far := map[string]any{"us": 70, "eu": 70}, map[string]any{"eu": 70, "us": 70, "as": 75}
	cases := []struct {
		name, rules string
		tickets     []ticket
		want        string
	}{
		{"a distance that has grown", defaultRule, []ticket{rated("a", 0, 10_000), rated("b", 30, 4000)}, `[{"rule":"rating","gap":"30","limit":"90","widened":"40"}]`},
		{"of three", `{"size":3,"rules":[{"name":"skill","type":"distance","max":50}]}`, []ticket{rated("a", 0, 0), rated("b", 40, 0), rated("c", 10, 0)},
			`[{"rule":"skill","gap":"40","mean_gap":"26.666666666667","limit":"50"}]`},
		{"optional, but not needed", `{"rules":[{"name":"skill","type":"distance","max":50,"optional_after":"9s"}]}`, []ticket{rated("a", 0, 9000), rated("b", 50, 9000)},
			`[{"rule":"skill","gap":"50","limit":"50"}]`},
		{"waived", `{"rules":[{"name":"skill","type":"distance","max":50,"optional_after":"9s"}]}`, []ticket{rated("a", 0, 9000), rated("b", 51, 9000)},
			`[{"rule":"skill","gap":"51","limit":"50","waived":1}]`},
		{"a set", `{"rules":[{"name":"modes","type":"overlap","attribute":"m"}]}`, []ticket{attributes("a", 0, "m", []any{"x", "z", "y"}), attributes("b", 0, "m", []any{"y", "z"})},
			`[{"rule":"modes","common":"z"}]`},
		{"equal has nothing to tell", `{"rules":[{"name":"l","type":"equal","attribute":"l","optional_after":"9s"}]}`, []ticket{attributes("a", 9000, "l", "x"), attributes("b", 9000, "l", "x")}, `null`},
		{"unless it was waived", `{"rules":[{"name":"l","type":"equal","attribute":"l","optional_after":"9s"}]}`, []ticket{attributes("a", 9000, "l", "x"), attributes("b", 9000)},
			`[{"rule":"l","waived":1}]`},
		{"the first of regions as near", ping, []ticket{attributes("a", 0, "ms", near), attributes("b", 20_000, "ms", far)},
			`[{"rule":"ping","limit":"150","widened":"70","region":"eu","latency":"70"}]`},
		{"a region at last", ping, []ticket{attributes("a", 40_000, "ms", near), attributes("b", 40_000, "ms", map[string]any{"as": 10})}, `[{"rule":"ping","waived":1}]`},
		{"opponents again", `{"rules":[{"type":"avoid","last":1,"optional_after":"9s"},{"name":"blocks","type":"avoid","attribute":"b","optional_after":"9s"}]}`,
			[]ticket{met(rated("a", 0, 9000), "b"), rated("b", 0, 9000)}, `[{"rule":"avoid","waived":1}]`},
	}
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		e := newEngine(t, env.Client)
		questions := make([]question, len(cases))
		for i, c := range cases {
			questions[i] = question{rules: decoded(t, c.rules), tickets: c.tickets}
		}
		for i, a := range e.ask(questions...) {
			if len(a.Groups) != 1 || show(a.Groups[0].Data) != cases[i].want {
				t.Errorf("%s: %s, not %s", cases[i].name, show(a.Groups), cases[i].want)
			}
		}
	})
}
