package rules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

const examples = "../../examples/rules"

func example(t *testing.T, name string) Rules {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, string(text))
}

// run simulates a queue under its rules, and the same players matched in order.
func run(e *engine, r Rules, trace []arrival) (ruled, ordered result) {
	window, ttl := ms(r.Interval), ms(r.TicketTTL)
	return simulateFor(trace, window, ttl, e.by(r)), simulateFor(trace, window, ttl, func(tickets []ticket) (groups [][]int) {
		for i := r.Size; i <= len(tickets); i += r.Size {
			group := make([]int, r.Size)
			for k := range group {
				group[k] = i - r.Size + k
			}
			groups = append(groups, group)
		}
		return groups
	})
}

// within is the part of values that are at most a limit.
func within(values []float64, limit float64) float64 {
	n := 0
	for _, v := range values {
		if v <= limit {
			n++
		}
	}
	return float64(n) / max(1, float64(len(values)))
}

// claims checks the statements of a page about an example.
func claims(t *testing.T, holds map[string]bool) {
	t.Helper()
	for what, is := range holds {
		if !is {
			t.Errorf("%s: not so", what)
		}
	}
}

// TestExamples holds each example to the claims of its page. Two players a second come, ratings have a σ of 300.
func TestExamples(t *testing.T) {
	t.Parallel()
	e, random := newEngine(t, matchqtest.Shared(t).Client), rand.New(rand.NewPCG(12, 13))
	trace := func(players int, perSecond float64) []arrival {
		random = rand.New(rand.NewPCG(12, 13)) // each example has its own
		return arrivals(random, 4000, players, perSecond)
	}
	files, err := filepath.Glob(examples + "/*.json")
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v", files, err)
	}
	t.Run("fair", func(t *testing.T) {
		ruled, ordered := run(e, example(t, "fair"), trace(2000, 2))
		t.Logf("%v; in order %v", &ruled, &ordered)
		claims(t, map[string]bool{
			"19 of 20 matches are within 90 points, in order 1 of 6": within(ruled.gaps, 90) > .95 && within(ordered.gaps, 90) < .18,
			"half wait less than 4 s, 19 of 20 less than 15 s":       within(ruled.waits, 4) > .5 && within(ruled.waits, 15) > .95,
		})
	})
	t.Run("not-again", func(t *testing.T) {
		trace := trace(200, 0.5)
		for i := range trace {
			trace[i].attributes = map[string]any{"blocked": []any{fmt.Sprint(trace[i].player ^ 1)}}
		}
		ruled, _ := run(e, example(t, "not-again"), trace)
		fair, _ := run(e, example(t, "fair"), trace)
		t.Logf("%v; fair %v; %.2f s longer", &ruled, &fair, mean(ruled.waits)-mean(fair.waits))
		claims(t, map[string]bool{
			"1 of 100 matches is with one of the last three, else 1 of 15": ruled.rematches*100 <= ruled.matches && fair.rematches*15 > fair.matches,
			"blocked players never meet":                                   neverMeet(ruled.met),
			"1 s longer":                                                   mean(ruled.waits)-mean(fair.waits) < 1,
		})
	})
	t.Run("language-and-mode", func(t *testing.T) {
		trace := trace(2000, 2)
		for i := range trace {
			lang := []string{"en", "en", "en", "es", "es", "de"}[random.IntN(6)]
			modes := [][]any{{"classic"}, {"classic", "speed"}, {"speed"}, {"hard"}, {"hard", "speed"}}[random.IntN(5)]
			trace[i].attributes = map[string]any{"lang": lang, "modes": modes}
		}
		ruled, _ := run(e, example(t, "language-and-mode"), trace)
		sameMode, sameLanguage := inCommon(ruled.met)
		t.Logf("%v; %d in one language", &ruled, sameLanguage)
		claims(t, map[string]bool{
			"all have a mode that both want":   sameMode == ruled.matches,
			"99 of 100 speak one language":     sameLanguage*100 >= 99*ruled.matches,
			"19 of 20 wait less than 11 s":     within(ruled.waits, 11) > .95,
			"a few speak two languages, later": sameLanguage < ruled.matches,
		})
	})
	t.Run("regions", func(t *testing.T) {
		trace := trace(2000, 2)
		for i := range trace {
			home, latency := random.IntN(3), map[string]any{}
			for k, region := range []string{"eu", "us", "asia"} {
				latency[region] = float64(20 + random.IntN(50) + 90*((k-home+3)%3))
			}
			trace[i].attributes = map[string]any{"latency_ms": latency}
		}
		ruled, ordered := run(e, example(t, "regions"), trace)
		far, near := within(worstLatencies(ruled.met), 150), within(worstLatencies(ruled.met), 80)
		t.Logf("%v; in order %v; %.3f within 80 ms, in order %.3f within 300 points", &ruled, &ordered, near, within(ordered.gaps, 300))
		claims(t, map[string]bool{
			"all four have 150 ms at most, in 2 of 3 matches 80 ms":    far == 1 && near > .66,
			"19 of 20 matches are within 300 points, in order 1 of 10": within(ruled.gaps, 300) > .95 && within(ordered.gaps, 300) < .12,
			"half wait less than 9 s":                                  within(ruled.waits, 9) > .5,
		})
	})
	t.Run("quick", func(t *testing.T) {
		ruled, ordered := run(e, example(t, "quick"), trace(2000, 2))
		t.Logf("%v; in order %v", &ruled, &ordered)
		claims(t, map[string]bool{
			"19 of 20 wait less than 5 s, nearly all less than 8 s": within(ruled.waits, 5) > .95 && within(ruled.waits, 8) > .995,
			"the mean gap is a third of that in order":              mean(ruled.gaps) < mean(ordered.gaps)/3,
		})
	})
}

// neverMeet reports whether no player has met the one that they block.
func neverMeet(met [][]arrival) bool {
	return !slices.ContainsFunc(met, func(pair []arrival) bool { return pair[0].player == pair[1].player^1 })
}

// inCommon counts the pairs with a mode, and with a language, in common.
func inCommon(met [][]arrival) (modes, languages int) {
	for _, pair := range met {
		a, b := pair[0].attributes, pair[1].attributes
		if slices.ContainsFunc(a["modes"].([]any), func(mode any) bool { return slices.Contains(b["modes"].([]any), mode) }) {
			modes++
		}
		if a["lang"] == b["lang"] {
			languages++
		}
	}
	return modes, languages
}

// worstLatencies are, for each match, the highest latency in the region where that is least.
func worstLatencies(met [][]arrival) []float64 {
	var all []float64
	for _, members := range met {
		least := 1e9
		for _, region := range []string{"eu", "us", "asia"} {
			worst := 0.0
			for _, a := range members {
				worst = max(worst, a.attributes["latency_ms"].(map[string]any)[region].(float64))
			}
			least = min(least, worst)
		}
		all = append(all, least)
	}
	return all
}
