package rules

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// drawRules draws up to three rules that are right, of any types.
func drawRules(t *rapid.T, sizes ...int) Rules {
	r := Rules{
		Size:   rapid.SampledFrom(append([]int{2}, sizes...)).Draw(t, "size"),
		Prefer: rapid.SampledFrom([]string{Quality, Matches}).Draw(t, "prefer"),
	}
	wait := rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Second, 20 * time.Second})
	for i := range rapid.IntRange(0, 3).Draw(t, "rules") {
		rule := Rule{Name: fmt.Sprint("rule", i), OptionalAfter: wait.Draw(t, "optional")}
		rule.Type = rapid.SampledFrom([]string{Distance, Distance, Equal, Overlap, Latency, Avoid, Avoid}).Draw(t, "type")
		hasDefault := rapid.IntRange(0, 3).Draw(t, "default") == 0
		switch rule.Type {
		case Distance:
			rule.Attribute = rapid.SampledFrom([]string{Rating, "level"}).Draw(t, "attribute")
			rule.Max = rapid.SampledFrom([]float64{20, 50.5, 100}).Draw(t, "max")
			rule.Age = rapid.SampledFrom([]string{Youngest, Oldest}).Draw(t, "age")
			switch rapid.IntRange(0, 2).Draw(t, "growth") {
			case 0:
				rule.Expand = Expand{rapid.Float64Range(0.1, 30).Draw(t, "by"), 700 * time.Millisecond, 300}
			case 1:
				rule.Steps = []Step{{5 * time.Second, 150}, {15 * time.Second, 250}}
			}
			if hasDefault {
				rule.Default = 100.0
			}
		case Equal, Overlap:
			rule.Attribute = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "attribute")
			if hasDefault {
				rule.Default = []string{"x"}
			}
		case Latency:
			rule.Attribute, rule.Max = "ms", 80
			if rapid.Bool().Draw(t, "steps") {
				rule.Steps = []Step{{10 * time.Second, 150}}
			}
			if hasDefault {
				rule.Default = map[string]float64{"eu": 60, "us": 100}
			}
		case Avoid:
			if rapid.Bool().Draw(t, "last") {
				rule.Last = rapid.IntRange(1, 3).Draw(t, "n")
			} else {
				rule.Attribute = "blocked"
			}
		}
		r.Rules = append(r.Rules, rule)
	}
	complete, err := Complete(r)
	if err != nil {
		t.Fatal(err)
	}
	return complete
}

func drawTickets(t *rapid.T, least, most int) []ticket {
	n := rapid.IntRange(least, most).Draw(t, "n")
	player := rapid.Map(rapid.IntRange(0, n), func(i int) string { return fmt.Sprint("p", i) })
	text := rapid.SampledFrom([]string{"x", "y", "z"})
	values := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }), rapid.Just[any](nil), rapid.Just[any](1.0), rapid.Just[any](true),
		rapid.Map(rapid.SliceOfN(text, 0, 3), func(texts []string) any {
			set := []any{}
			for _, s := range texts {
				set = append(set, s)
			}
			return set
		}),
	)
	latency := rapid.SampledFrom([]float64{20, 60, 90, 120, 200})
	tickets := make([]ticket, n)
	for i := range tickets {
		made := ticket{Player: fmt.Sprint("p", i), WaitedMS: rapid.Int64Range(0, 30_000).Draw(t, "waited"), Attributes: map[string]any{}}
		if rapid.IntRange(0, 9).Draw(t, "rated") > 0 {
			made.Rating = new(rapid.OneOf(rapid.Float64Range(-200, 200), rapid.Map(rapid.IntRange(-5, 5), func(n int) float64 { return float64(20 * n) })).Draw(t, "rating"))
		}
		made.Recent = rapid.SliceOfN(player, 0, 3).Draw(t, "recent")
		made.Attributes["a"], made.Attributes["b"] = values.Draw(t, "a"), values.Draw(t, "b")
		made.Attributes["level"] = rapid.OneOf(rapid.Map(rapid.Float64Range(0, 200), func(n float64) any { return n }), rapid.Just[any]("high")).Draw(t, "level")
		blocked := []any{}
		for _, p := range rapid.SliceOfN(player, 0, 2).Draw(t, "blocked") {
			blocked = append(blocked, p)
		}
		made.Attributes["blocked"] = blocked
		regions := map[string]any{}
		for _, region := range []string{"eu", "us", "as"} {
			if rapid.Bool().Draw(t, region) {
				regions[region] = latency.Draw(t, "ms")
			}
		}
		made.Attributes["ms"] = regions
		if rapid.IntRange(0, 7).Draw(t, "bare") == 0 {
			made.Attributes = nil
		}
		tickets[i] = made
	}
	slices.SortStableFunc(tickets, func(a, b ticket) int { return int(b.WaitedMS - a.WaitedMS) })
	return tickets
}

// checkGroups checks that groups are disjoint, full, and permitted.
func checkGroups(t rapid.TB, r *Rules, tickets []ticket, groups []group) {
	taken := map[int]bool{}
	for _, g := range groups {
		if len(g.Tickets) != r.Size || !slices.IsSorted(g.Tickets) {
			t.Fatalf("a group of %v", g.Tickets)
		}
		var members []*ticket
		for _, at := range g.Tickets {
			if taken[at] {
				t.Fatalf("%d is in two groups", at)
			}
			taken[at] = true
			members = append(members, &tickets[at-1])
		}
		for i := range r.Rules {
			if rule := &r.Rules[i]; !rule.permitsAll(members) {
				t.Fatalf("%s meet against %s", show(members), rule.Name)
			}
		}
	}
}

// TestAFewTicketsAreGroupedExactly, whatever the rules: as by trying everything.
func TestAFewTicketsAreGroupedExactly(t *testing.T) {
	e := newEngine(t, matchqtest.Shared(t).Client)
	rapid.Check(t, func(t *rapid.T) {
		r, tickets := drawRules(t), drawTickets(t, 0, 10)
		found := e.ask(question{rules: r, tickets: tickets})[0]
		checkGroups(t, &r, tickets, found.Groups)
		sum := 0.0
		for _, g := range found.Groups {
			sum += r.quality(&tickets[g.Tickets[0]-1], &tickets[g.Tickets[1]-1])
		}
		best, most, bestOfMost := r.bestPairs(tickets)
		if r.Prefer == Matches || r.primary() == nil {
			best = bestOfMost
			if len(found.Groups) != most {
				t.Fatalf("%d matches, not %d", len(found.Groups), most)
			}
		}
		if math.Abs(sum-best) > 1e-4*r.scale() {
			t.Fatalf("the quality is %v, not %v: %s", sum, best, show(found.Groups))
		}
	})
}

// TestTheEmbeddedRedisComputesTheSame as the real one, for any rules, tickets and sizes.
func TestTheEmbeddedRedisComputesTheSame(t *testing.T) {
	server, embedded := newEngine(t, matchqtest.Shared(t).Client), newEngine(t, matchqtest.Embedded(t).Client)
	rapid.Check(t, func(t *rapid.T) {
		q := question{rules: drawRules(t, 3, 5), tickets: drawTickets(t, 0, 40)}
		q.total = rapid.SampledFrom([]int{len(q.tickets), 64, 128, 500}).Draw(t, "total")
		q.total = max(q.total, len(q.tickets))
		a, b := server.ask(q)[0], embedded.ask(q)[0]
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("real\n%s\nembedded\n%s", show(a), show(b))
		}
		checkGroups(t, &q.rules, q.tickets, a.Groups)
	})
}

// TestTheEarliestMeeting is the first moment at which two tickets may meet, and explanations name it.
func TestTheEarliestMeeting(t *testing.T) {
	e := newEngine(t, matchqtest.Shared(t).Client)
	const hour = 3_600_000
	rapid.Check(t, func(t *rapid.T) {
		r, tickets := drawRules(t), drawTickets(t, 2, 5)
		found := e.ask(question{rules: r, tickets: tickets})[0]
		meet := func(ms int64) (pairs [][2]int) {
			for i := range tickets {
				for j := range i {
					if r.permits(tickets[i].after(ms), tickets[j].after(ms)) {
						pairs = append(pairs, [2]int{i, j})
					}
				}
			}
			return pairs
		}
		switch {
		case len(meet(0)) > 0:
			if found.Earliest != nil {
				t.Fatalf("%v ms, not now", *found.Earliest)
			}
		case found.Earliest == nil:
			t.Fatalf("now, but nobody may meet")
		case *found.Earliest < 0:
			if pairs := meet(hour); len(pairs) > 0 {
				t.Fatalf("never, but %v meet", pairs)
			}
		default:
			at := int64(*found.Earliest)
			if float64(at) != *found.Earliest || len(meet(at)) == 0 || len(meet(at-1)) > 0 {
				t.Fatalf("%v ms: %v may meet then, %v before", *found.Earliest, meet(at), meet(at-1))
			}
		}
		for i, told := range found.Explanations {
			checkExplanation(t, &r, tickets, i, told)
		}
	})
}

func checkExplanation(t *rapid.T, r *Rules, tickets []ticket, i int, told explanation) {
	other := tickets[told.Candidate-1]
	permitted := 0
	for j := range tickets {
		if j != i && r.permits(&tickets[i], &tickets[j]) {
			permitted++
		}
	}
	if told.Permitted != permitted || (told.Rule == "") != (permitted > 0) {
		t.Fatalf("%s, but %d may meet", show(told), permitted)
	}
	if told.Rule == "" {
		if !r.permits(&tickets[i], &other) {
			t.Fatalf("%s: may not meet", show(told))
		}
		return
	}
	blocking := &r.Rules[slices.IndexFunc(r.Rules, func(rule Rule) bool { return rule.Name == told.Rule })]
	if told.WaitMS == nil {
		if blocking.permits(tickets[i].after(3_600_000), other.after(3_600_000)) {
			t.Fatalf("%s: never, but they may meet", show(told))
		}
		return
	}
	at := int64(*told.WaitMS)
	if blocking.permits(tickets[i].after(at-1), other.after(at-1)) || !r.permits(tickets[i].after(at), other.after(at)) {
		t.Fatalf("%s: that is not when the rule permits it", show(told))
	}
	for j := range tickets {
		if j != i && r.permits(tickets[i].after(at-1), tickets[j].after(at-1)) {
			t.Fatalf("%s: %s comes earlier", show(told), show(tickets[j]))
		}
	}
}
