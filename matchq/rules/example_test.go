package rules_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq/rules"
)

// Rules of a queue, in Go: near ratings, a mode that both want, a region with a short way for all, other opponents.
func Example() {
	r, err := rules.Complete(rules.Rules{
		Interval: 2 * time.Second,
		Prefer:   rules.Quality, // not rules.Matches: the nearest ratings rather than the most matches
		Rules: []rules.Rule{
			{
				Type: rules.Distance, Max: 50, Expand: rules.Expand{By: 10, Every: time.Second, To: 600},
				Age: rules.Oldest, // not rules.Youngest: it is enough that one player has waited
			},
			{Type: rules.Overlap, Attribute: "modes", Default: []string{"classic"}},
			{Type: rules.Latency, Attribute: "ms", Max: 80, Steps: []rules.Step{{After: 20 * time.Second, Value: 150}}},
			{Type: rules.Avoid, Last: 3, OptionalAfter: 30 * time.Second},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("tickets need", r.Attributes(), "and a", rules.Rating)
	fmt.Println(r.Size, "players by", r.Policy, "every", rules.DurationText(r.Interval), "for at most", rules.DurationText(r.TicketTTL))
	// Output:
	// tickets need [modes ms] and a rating
	// 2 players by rules every 2s for at most 1m
}

// Rules are read from a file, and shown as they are understood.
func ExampleDecode() {
	for _, text := range []string{
		`{"interval": "0s", "ticket_ttl": "never", "size": 4, "policy": "random"}`,
		`{"rules": [{"type": "distance", "max": 50, "expand": {"by": 10, "every": "1s", "to": 40}}]}`,
	} {
		r, err := rules.Decode([]byte(text))
		if wrong, ok := errors.AsType[*rules.Error](err); ok {
			fmt.Println("at", wrong.Place+":", wrong.Problem)
			continue
		}
		fmt.Println(r.Interval == rules.AtOnce, r.TicketTTL == rules.Never, r.Policy == rules.ByChance)
		canonical, err := rules.Encode(r)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(canonical))
	}
	// Output:
	// true true true
	// {"interval":"0s","ticket_ttl":"never","ready_timeout":"0s","size":4,"rules":[],"prefer":"quality","policy":"random"}
	// at rules[0].expand.to: must be at least max (50), and at most 1e15
}

// A game shows its players how good a match is, from Match.Data.
func ExampleEffectsIn() {
	data := []byte(`{"rules":[{"rule":"rating","gap":120,"limit":150,"widened":100}]}`)
	for _, e := range rules.EffectsIn(data) {
		fmt.Printf("%s: %v apart, of %v that were allowed; %v of these for waiting\n", e.Rule, *e.Gap, e.Limit, e.Widened)
	}
	// Output: rating: 120 apart, of 150 that were allowed; 100 of these for waiting
}

// An editor of rules checks its form as people type.
func ExampleError() {
	limits := []struct {
		what string
		most int
	}{
		{"bytes of rules", rules.MaxBytes},
		{"rules", rules.MaxRules},
		{"steps of a rule", rules.MaxSteps},
		{"opponents to avoid", rules.MaxLast},
		{"players of a match", rules.MaxSize},
		{"bytes of a name", rules.MaxName},
		{"elements of a set", rules.MaxElements},
	}
	for _, l := range limits {
		fmt.Println(l.what+":", l.most)
	}
	_, err := rules.Complete(rules.Rules{Size: rules.MaxSize + 1, Policy: rules.ByOrder})
	fmt.Println(err)
	_, err = rules.Complete(rules.Rules{Rules: []rules.Rule{{Type: rules.Equal, Age: rules.Youngest}}, Policy: rules.ByRules, Prefer: rules.Matches})
	fmt.Println(err)
	// Output:
	// bytes of rules: 16384
	// rules: 16
	// steps of a rule: 16
	// opponents to avoid: 8
	// players of a match: 16
	// bytes of a name: 128
	// elements of a set: 32
	// size: must be from 2 to 16, not 17
	// rules[0].age: is a field of distance rules only
}
