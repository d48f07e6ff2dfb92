package rules

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func attributes(player string, waitedMS int64, keysAndValues ...any) ticket {
	t := ticket{Player: player, WaitedMS: waitedMS, Attributes: map[string]any{}}
	for i := 0; i < len(keysAndValues); i += 2 {
		t.Attributes[keysAndValues[i].(string)] = keysAndValues[i+1]
	}
	return t
}

func met(t ticket, recent ...string) ticket {
	t.Recent = recent
	return t
}

const fair = `{"rules":[{"name":"skill","type":"distance","max":50,"expand":{"by":10,"every":"1s","to":600}%s}]}`

// TestGroups has batches, and the groups that are right.
func TestGroups(t *testing.T) {
	youngest, oldest := fmt.Sprintf(fair, ""), fmt.Sprintf(fair, `,"age":"oldest"`)
	const recent = `{"rules":[{"type":"distance","max":1000},{"type":"avoid","last":2,"optional_after":"30s"}]}`
	const modes = `{"rules":[{"type":"overlap","attribute":"modes"}]}`
	const ping = `{"rules":[{"type":"latency","attribute":"ms","max":80,"steps":[{"after":"20s","value":150}]}]}`
	cases := []struct {
		name, rules string
		tickets     []ticket
		want        [][]int
	}{
		{"nobody", youngest, []ticket{}, nil},
		{"one", youngest, []ticket{rated("a", 1, 0)}, nil},
		{"within the limit", youngest, []ticket{rated("a", 1000, 0), rated("b", 1050, 0)}, [][]int{{0, 1}}},
		{"beyond it", youngest, []ticket{rated("a", 1000, 0), rated("b", 1050.5, 0)}, nil},
		{"negative ratings", youngest, []ticket{rated("a", -20, 0), rated("b", 25, 0), rated("c", -600, 0), rated("d", -590, 0)}, [][]int{{0, 1}, {2, 3}}},
		{"a rating of 0 is one, none is none", youngest, []ticket{rated("a", 0, 0), {Player: "b"}, rated("c", 1, 0), {Player: "d"}}, [][]int{{0, 2}}},
		{"an old limit alone is not enough", youngest, []ticket{rated("veteran", 1000, 59_000), rated("newcomer", 1200, 0)}, nil},
		{"with oldest it is", oldest, []ticket{rated("veteran", 1000, 59_000), rated("newcomer", 1200, 0)}, [][]int{{0, 1}}},
		{"both have widened", youngest, []ticket{rated("a", 1000, 15_000), rated("b", 1200, 15_000)}, [][]int{{0, 1}}},
		{"a ms too early", youngest, []ticket{rated("a", 1000, 14_999), rated("b", 1200, 15_000)}, nil},
		{"widening ends at its cap", youngest, []ticket{rated("a", 0, 3_600_000), rated("b", 600.5, 3_600_000)}, nil},
		{"at its cap", youngest, []ticket{rated("a", 0, 3_600_000), rated("b", 600, 3_600_000)}, [][]int{{0, 1}}},
		// Each of 3 and 4 likes the other best; then 1 and 6 would have nobody within the limit.
		{"balanced, not stable", `{"rules":[{"type":"distance","max":100}],"prefer":"matches"}`, []ticket{
			rated("1", 0, 0), rated("2", 90, 0), rated("3", 180, 0), rated("4", 185, 0), rated("5", 275, 0), rated("6", 365, 0),
		}, [][]int{{0, 1}, {2, 3}, {4, 5}}},
		{"quality first", `{"rules":[{"type":"distance","max":100}]}`, []ticket{
			rated("a", 0, 0), rated("b", 95, 0), rated("c", 100, 0), rated("d", 195, 0),
		}, [][]int{{1, 2}}},
		{"matches first", `{"rules":[{"type":"distance","max":100}],"prefer":"matches"}`, []ticket{
			rated("a", 0, 0), rated("b", 95, 0), rated("c", 100, 0), rated("d", 195, 0),
		}, [][]int{{0, 1}, {2, 3}}},
		{"recent opponents", recent, []ticket{met(rated("a", 0, 0), "b"), rated("b", 1, 0)}, nil},
		{"either way round", recent, []ticket{rated("a", 0, 0), met(rated("b", 1, 0), "x", "a")}, nil},
		{"not so recent", recent, []ticket{rated("a", 0, 0), met(rated("b", 1, 0), "x", "y", "a")}, [][]int{{0, 1}}},
		{"optional for one only", recent, []ticket{met(rated("a", 0, 30_000), "b"), rated("b", 1, 29_999)}, nil},
		{"optional for both", recent, []ticket{met(rated("a", 0, 30_000), "b"), rated("b", 1, 30_000)}, [][]int{{0, 1}}},
		{"others are found", recent, []ticket{met(rated("a", 0, 0), "b"), met(rated("b", 1, 0), "a"), met(rated("c", 2, 0), "d"), met(rated("d", 3, 0), "c")}, [][]int{{0, 3}, {1, 2}}},
		{"a list of players", `{"rules":[{"type":"avoid","attribute":"blocked"}]}`, []ticket{
			attributes("1", 0, "blocked", []any{"x", 2.0}), attributes("2", 0), attributes("3", 0, "blocked", "1"), attributes("4", 0, "blocked", 7),
		}, [][]int{{0, 3}, {1, 2}}},
		{"equal", `{"rules":[{"type":"equal","attribute":"lang"}]}`, []ticket{
			attributes("1", 0, "lang", "de"), attributes("2", 0, "lang", "en"), attributes("3", 0, "lang", []any{"de"}), attributes("4", 0), attributes("5", 0, "lang", nil),
		}, [][]int{{0, 2}}},
		{"equal sets, whatever their order", `{"rules":[{"type":"equal","attribute":"set"}]}`, []ticket{
			attributes("1", 0, "set", []any{"x", "y"}), attributes("2", 0, "set", []any{"x"}), attributes("3", 0, "set", []any{"y", "x", "x", nil}), attributes("4", 0, "set", "=x,=y"),
		}, [][]int{{0, 2}}},
		{"equal types", `{"rules":[{"type":"equal","attribute":"v"}]}`, []ticket{
			attributes("1", 0, "v", 1), attributes("2", 0, "v", "1"), attributes("3", 0, "v", true), attributes("4", 0, "v", 1.0), attributes("5", 0, "v", "true"), attributes("6", 0, "v", true),
		}, [][]int{{0, 3}, {2, 5}}},
		{"a default", `{"rules":[{"type":"equal","attribute":"lang","default":"en"}]}`, []ticket{
			attributes("1", 0), attributes("2", 0, "lang", "de"), attributes("3", 0, "lang", "en"), attributes("4", 0, "lang", map[string]any{}),
		}, [][]int{{0, 2}}},
		{"equal until it is optional", `{"rules":[{"type":"equal","attribute":"lang","optional_after":"20s"}]}`, []ticket{
			attributes("1", 20_000, "lang", "de"), attributes("2", 20_000, "lang", "en"), attributes("3", 0, "lang", "fr"), attributes("4", 0, "lang", "es"),
		}, [][]int{{0, 1}}},
		{"optional without the attribute", `{"rules":[{"type":"equal","attribute":"lang","optional_after":"20s"}]}`, []ticket{
			attributes("1", 20_000), attributes("2", 19_000), attributes("3", 20_000, "lang", "fr"),
		}, [][]int{{0, 2}}},
		{"one alone has waited so long", `{"rules":[{"type":"equal","attribute":"lang","optional_after":"20s"}]}`, []ticket{
			attributes("1", 20_000), attributes("2", 0, "lang", "de"), attributes("3", 0, "lang", "de"),
		}, [][]int{{1, 2}}},
		{"overlap", modes, []ticket{
			attributes("1", 0, "modes", []any{"a", "b"}), attributes("2", 0, "modes", "c"), attributes("3", 0, "modes", []any{"c", "d"}), attributes("4", 0, "modes", []any{"d", "b"}),
		}, [][]int{{0, 3}, {1, 2}}},
		{"latency", ping, []ticket{
			attributes("1", 0, "ms", map[string]any{"eu": 20, "us": 90}), attributes("2", 0, "ms", map[string]any{"eu": 100, "us": 30}),
			attributes("3", 0, "ms", map[string]any{"eu": 80}),
		}, [][]int{{0, 2}}},
		{"each waits for its own limit", ping, []ticket{
			attributes("1", 20_000, "ms", map[string]any{"eu": 150}), attributes("2", 0, "ms", map[string]any{"eu": 60}),
		}, [][]int{{0, 1}}},
		{"two distances", `{"rules":[{"type":"distance","max":100},{"type":"distance","attribute":"age","max":5}]}`, []ticket{
			{Player: "1", Rating: new(10.0), Attributes: map[string]any{"age": 20}}, {Player: "2", Rating: new(11.0), Attributes: map[string]any{"age": 30}},
			{Player: "3", Rating: new(90.0), Attributes: map[string]any{"age": 25}}, {Player: "4", Rating: new(91.0), Attributes: map[string]any{"age": "25"}},
		}, [][]int{{1, 2}}},
		{"an optional distance", `{"rules":[{"type":"distance","max":10,"optional_after":"20s"}]}`, []ticket{
			rated("1", 0, 20_000), {Player: "2", WaitedMS: 20_000}, rated("3", 500, 0),
		}, [][]int{{0, 1}}},
		{"three", `{"size":3,"rules":[{"type":"distance","max":100}]}`, []ticket{
			rated("1", 0, 0), rated("2", 200, 0), rated("3", 50, 0), rated("4", 210, 0), rated("5", 100, 0), rated("6", 300.5, 0), rated("7", 101, 0),
		}, [][]int{{2, 4, 6}}},
		{"three with one mode", `{"size":3,"rules":[{"type":"overlap","attribute":"modes"}]}`, []ticket{
			attributes("1", 0, "modes", []any{"a", "b"}), attributes("2", 0, "modes", []any{"b", "c"}), attributes("3", 0, "modes", []any{"a", "c"}),
			attributes("4", 0, "modes", []any{"b"}),
		}, [][]int{{0, 1, 3}}},
	}
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		e := newEngine(t, env.Client)
		questions := make([]question, len(cases))
		for i, c := range cases {
			questions[i] = question{rules: decoded(t, c.rules), tickets: c.tickets}
		}
		for i, a := range e.ask(questions...) {
			var got [][]int
			for _, g := range a.Groups {
				at := make([]int, len(g.Tickets))
				for k, position := range g.Tickets {
					at[k] = position - 1
				}
				got = append(got, at)
			}
			if !reflect.DeepEqual(got, cases[i].want) {
				t.Errorf("%s: %v, not %v", cases[i].name, got, cases[i].want)
			}
		}
	})
}
