package matchq_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// A dry run has the errors of the change, and changes nothing.
func TestDryRunOfRules(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{})
		version := setRules(t, m, "a", matchq.Rules{Size: 3})
		dry := matchq.Edit{By: "ann", DryRun: true}
		if got, err := m.SetRules(t.Context(), "a", matchq.Rules{Size: 4}, dry); err != nil || got != version {
			t.Errorf("the version becomes %s, %v", got, err)
		}
		if got, err := m.DeleteRules(t.Context(), "a", dry); err != nil || got != version {
			t.Errorf("the version becomes %s, %v", got, err)
		}
		_, err := m.SetRules(t.Context(), "a", matchq.Rules{Size: 1}, dry)
		checkInvalid(t, err, "size")
		_, err = m.SetRules(t.Context(), "a", matchq.Rules{Policy: "mine", Source: "return 1"}, dry)
		if _, ok := errors.AsType[*matchq.PolicyError](err); !ok {
			t.Errorf("a policy that is no function: %v", err)
		}
		dry.Version = "0.old"
		_, err = m.SetRules(t.Context(), "a", matchq.Rules{Size: 4}, dry)
		if _, ok := errors.AsType[*matchq.RulesConflictError](err); !ok {
			t.Errorf("a version that is not in force: %v", err)
		}
		if got := rulesOf(t, m, "a"); got.Rules.Size != 3 || got.Version != version {
			t.Errorf("%+v", got)
		}
	})
}

// PatternOf chooses as the rules in force do.
func TestPatternOf(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t), matchq.Config{})
	random := rand.New(rand.NewPCG(1, 2))
	letters := func(most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteByte("ab*"[random.IntN(3)])
		}
		return b.String()
	}
	var patterns []string
	for range 12 {
		pattern := letters(3)
		setRules(t, m, pattern, matchq.Rules{})
		patterns = append(patterns, pattern)
	}
	for range 200 {
		queue := letters(5)
		if got, want := matchq.PatternOf(queue, patterns...), rulesOf(t, m, queue).Pattern; got != want {
			t.Errorf("%s has the rules of %q, not of %q; patterns: %q", queue, want, got, patterns)
		}
	}
}

// A process says which of its own rules don't count, and no longer when they do.
func TestOverruled(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Size: 4, Rules: map[string]matchq.Rules{"chess*": {Size: 2}}})
		rulesOf(t, m, "q")
		if got := m.Overruled(); len(got) != 0 {
			t.Errorf("at first: %+v", got)
		}
		setRules(t, m, "*", matchq.Rules{Size: 5})
		if _, err := m.DeleteRules(t.Context(), "chess*", byOperator); err != nil {
			t.Fatal(err)
		}
		got := m.Overruled()
		if len(got) != 2 || got[0].Pattern != "*" || got[0].Fields != "size" || got[0].InForce.By != "operator" || got[0].InForce.Rules.Size != 5 ||
			got[1].Pattern != "chess*" || got[1].Fields != "" || got[1].InForce.Source != matchq.FromDefaults {
			t.Errorf("%+v", got)
		}
		setRules(t, m, "*", matchq.Rules{Size: 4})
		if got := m.Overruled(); len(got) != 1 {
			t.Errorf("after the same rules are set: %+v", got)
		}
	})
}
