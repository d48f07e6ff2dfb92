package matchq_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// The fields that a process is started with change in the rules for all queues, and no more; the last start wins, but
// not over an operator.
func TestConfigurationsAreRules(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		first := newMatcher(t, env, matchq.Config{Interval: time.Second, Size: 3, By: "first"})
		if got := rulesOf(t, first, "q"); got.Rules.Size != 3 || got.Source != matchq.FromConfiguration || got.By != "first" || got.At.IsZero() {
			t.Errorf("the first: %+v", got)
		}
		second := newMatcher(t, env, matchq.Config{Size: 4, Rules: map[string]matchq.Rules{"chess*": {Size: 2}}})
		version := rulesOf(t, second, "q").Version
		if got := rulesOf(t, first, "q"); got.Rules.Size != 4 || got.Rules.Interval != time.Second || got.Version != version {
			t.Errorf("the first follows: %+v", got)
		}
		if got := rulesOf(t, first, "chess-5"); got.Rules.Size != 2 || got.Rules.Interval != 5*time.Second {
			t.Errorf("whole rules of a pattern: %+v", got)
		}
		stray := newMatcher(t, env, matchq.Config{})
		if got := rulesOf(t, stray, "q"); got.Version != version {
			t.Errorf("a process that says nothing changed %s to %s", version, got.Version)
		}
		same := newMatcher(t, env, matchq.Config{Size: 4})
		if got := rulesOf(t, same, "q"); got.Version != version {
			t.Errorf("a process that says the same changed %s to %s", version, got.Version)
		}
		setRules(t, stray, "*", matchq.Rules{Size: 5})
		var log bytes.Buffer
		third := newMatcher(t, env, matchq.Config{Size: 6, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if got := rulesOf(t, third, "q"); got.Rules.Size != 5 || got.Source != matchq.FromOperator || got.By != "operator" {
			t.Errorf("an operator's rules: %+v", got)
		}
		if !strings.Contains(log.String(), "operator") || !strings.Contains(log.String(), "size") {
			t.Errorf("no warning: %q", log.String())
		}
		if _, err := third.DeleteRules(t.Context(), "*", byOperator); err != nil {
			t.Fatal(err)
		}
		if got := rulesOf(t, newMatcher(t, env, matchq.Config{Size: 6}), "q"); got.Rules.Size != 6 {
			t.Errorf("after the operator's are deleted: %+v", got)
		}
	})
}

// Rules that Redis has lost are stored again by any process that knew them.
func TestLostRulesComeBack(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Interval: time.Second})
		version := setRules(t, m, "chess", matchq.Rules{Size: 7})
		keys := env.Client.Keys(t.Context(), "{"+env.Namespace+"}:*").Val()
		if err := env.Client.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
		enqueue(t, m, "q", "alice")
		got, q := rulesOf(t, m, "chess"), rulesOf(t, newMatcher(t, env, matchq.Config{}), "q")
		if got.Rules.Size != 7 || got.Source != matchq.FromOperator || q.Rules.Interval != time.Second || got.Version == version {
			t.Errorf("%+v, %+v after version %s", got, q, version)
		}
	})
}

// A process that can't read newer rules leaves their queues alone, and goes on with the others.
func TestUnreadableRulesAreLeftAlone(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		old := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
		setRules(t, old, "new*", matchq.Rules{})
		enqueue(t, old, "new-1", "alice")
		makeUnreadable(t, env, "new*")
		enqueue(t, old, "history", "bob")
		enqueue(t, old, "history", "carol")
		if report, err := old.Tick(t.Context(), "history"); err != nil || report.Matches != 1 {
			t.Errorf("another queue: %+v, %v", report, err)
		}
		if _, err := old.Enqueue(t.Context(), matchq.Request{Queue: "new-1", Player: "dave"}); err == nil || !strings.Contains(err.Error(), "can't read the rules") {
			t.Errorf("enqueue by unreadable rules: %v", err)
		}
		if report, err := old.Tick(t.Context(), "new-1"); err != nil || report.Matches != 0 || report.More {
			t.Errorf("tick by unreadable rules: %+v, %v", report, err)
		}
		if got := rulesOf(t, old, "new-1"); got.Err == nil || got.Pattern != "new*" {
			t.Errorf("%+v", got)
		}
		checkAudit(t, old)
	})
}
