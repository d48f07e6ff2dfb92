package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var byOperator = matchq.Edit{By: "operator"}

func setRules(t testing.TB, m *matchq.Matcher, pattern string, r matchq.Rules) string {
	t.Helper()
	version, err := m.SetRules(t.Context(), pattern, r, byOperator)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// rulesOf are the rules that a process knows after a call.
func rulesOf(t testing.TB, m *matchq.Matcher, queue string) matchq.StoredRules {
	t.Helper()
	if _, _, err := m.AllRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, err := m.Rules(t.Context(), queue)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// A queue has the rules of its own name, else of the longest beginning, else of *, else the defaults.
func TestTheLongestPatternCounts(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t), matchq.Config{})
	if got := rulesOf(t, m, "history"); got.Pattern != "" || got.Source != matchq.FromDefaults || got.Rules.Size != 2 || got.Rules.Interval != 5*time.Second {
		t.Errorf("defaults: %+v", got)
	}
	for size, pattern := range []string{"*", "h*", "hist*", "history", "a*b"} {
		setRules(t, m, pattern, matchq.Rules{Size: size + 2})
	}
	for queue, size := range map[string]int{"maths": 2, "h": 3, "his": 3, "hist": 4, "historical": 4, "history": 5, "a*b": 6, "a": 2, "hist*": 4, "*": 2} {
		if got := rulesOf(t, m, queue); got.Rules.Size != size {
			t.Errorf("%s: %+v", queue, got)
		}
	}
	version, err := m.DeleteRules(t.Context(), "hist*", byOperator)
	if got := rulesOf(t, m, "historical"); err != nil || got.Rules.Size != 3 || got.Version != version {
		t.Errorf("after a deletion: %+v, %s, %v", got, version, err)
	}
}

// A change holds on all nodes from the next call on, and concerns newcomers as to the time to live.
func TestRulesChangeWhileTicketsWait(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m, other := newMatcher(t, env, matchq.Config{Size: 5}), newMatcher(t, env, matchq.Config{})
		var early matchq.Ticket
		for i := range 3 {
			early = enqueue(t, m, "q", fmt.Sprint("p", i))
		}
		if report, err := other.Tick(t.Context(), "q"); err != nil || report.Matches != 0 || report.Left != 3 {
			t.Fatalf("by the old rules: %+v, %v", report, err)
		}
		version := setRules(t, other, "*", matchq.Rules{Size: 2, TicketTTL: time.Hour})
		late := enqueue(t, m, "q", "late") // whose process learns of them now
		if early.ExpiresAt.Sub(early.EnqueuedAt) != time.Minute || late.ExpiresAt.Sub(late.EnqueuedAt) != time.Hour {
			t.Errorf("times to live: %v and %v", early.ExpiresAt.Sub(early.EnqueuedAt), late.ExpiresAt.Sub(late.EnqueuedAt))
		}
		if report, err := m.Tick(t.Context(), "q"); err != nil || report.Matches != 2 {
			t.Errorf("by the new rules: %+v, %v", report, err)
		}
		got, err := m.Ticket(t.Context(), late.ID)
		if err != nil || got.Match == nil || got.Match.Rules != version {
			t.Errorf("%+v, %v must be of version %s", got, err, version)
		}
		checkAudit(t, m)
	})
}

// With the ready check off, proposals still end by their own deadline or answers, and hold their places until then.
func TestProposalsEndByTheirOwnRules(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour, Interval: 20 * time.Millisecond, TTL: matchq.Never})
		enqueue(t, m, "q", "a")
		enqueue(t, m, "q", "b")
		tick(t, m, "q")
		match := ticketOf(t, m, "a").Match
		setRules(t, m, "*", matchq.Rules{Interval: 20 * time.Millisecond, TicketTTL: matchq.Never})
		enqueue(t, m, "q", "c")
		if report, err := m.Tick(t.Context(), "q"); err != nil || report.Matches != 0 || report.Left != 1 {
			t.Errorf("held tickets are stepped over: %+v, %v", report, err)
		}
		if err := m.Decline(t.Context(), match.ID, "b"); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		matchqtest.Eventually(t, "the restored ticket is matched with the newcomer", func() bool {
			got := ticketOf(t, m, "a")
			return got.State == matchq.Matched && got.Match.Players()[1] == "c"
		})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		checkAudit(t, m)
	})
}

func ticketOf(t testing.TB, m *matchq.Matcher, player string) matchq.Ticket {
	t.Helper()
	got, err := m.TicketOf(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// An overdue proposal is settled though no rules ask for a ready check any more.
func TestOverdueProposalsAreSettledWithoutAReadyCheck(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: 100 * time.Millisecond})
		enqueue(t, m, "q", "a")
		enqueue(t, m, "q", "b")
		tick(t, m, "q")
		setRules(t, m, "*", matchq.Rules{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = m.Run(ctx) }()
		matchqtest.Eventually(t, "the proposal is settled", func() bool {
			got := ticketOf(t, m, "a")
			return got.State == matchq.Cancelled && got.Reason == matchq.ReasonNoAnswer
		})
	})
}

// Run wakes queues that slept by the old rules: three that waited for five, and a window of an hour.
func TestRunWakesQueuesWhenRulesChange(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m, other := newMatcher(t, env, matchq.Config{Size: 5, Interval: time.Hour}), newMatcher(t, env, matchq.Config{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = m.Run(ctx) }()
		for i := range 3 {
			enqueue(t, m, "q", fmt.Sprint("p", i))
		}
		setRules(t, other, "*", matchq.Rules{Size: 3, Interval: 50 * time.Millisecond})
		matchqtest.Eventually(t, "three are matched by the new rules", func() bool {
			return ticketOf(t, other, "p2").State == matchq.Matched
		})
	})
}

func TestRulesAreRefused(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	version := setRules(t, m, "a", matchq.Rules{})
	refusals := []struct {
		field, pattern string
		rules          matchq.Rules
		edit           matchq.Edit
	}{
		{"size", "a", matchq.Rules{Size: 1}, byOperator},
		{"pattern", "", matchq.Rules{}, byOperator},
		{"pattern", "a\n", matchq.Rules{}, byOperator},
		{"by", "a", matchq.Rules{}, matchq.Edit{}},
		{"by", "a", matchq.Rules{}, matchq.Edit{By: "a\tb"}},
		{"source", "a", matchq.Rules{Policy: "mine"}, byOperator},
	}
	for _, c := range refusals {
		_, err := m.SetRules(t.Context(), c.pattern, c.rules, c.edit)
		checkInvalid(t, err, c.field)
	}
	_, err := m.SetRules(t.Context(), "a", matchq.Rules{Policy: "mine", Source: "return 1"}, byOperator)
	if _, ok := errors.AsType[*matchq.PolicyError](err); !ok {
		t.Errorf("a policy that is no function: %v", err)
	}
	_, err = m.SetRules(t.Context(), "a", matchq.Rules{Size: 3}, matchq.Edit{By: "late", Version: "0.old"})
	if conflict, ok := errors.AsType[*matchq.RulesConflictError](err); !ok || conflict.InForce != version {
		t.Errorf("a version that is not in force: %v", err)
	}
	if got := rulesOf(t, m, "a"); got.Version != version {
		t.Errorf("refusals changed %s to %s", version, got.Version)
	}
	for i := range 255 {
		setRules(t, m, fmt.Sprint("queue-", i), matchq.Rules{})
	}
	_, err = m.SetRules(t.Context(), "one too many", matchq.Rules{}, byOperator)
	checkInvalid(t, err, "pattern")
	changes, err := m.RulesChanges(t.Context())
	if err != nil || len(changes) != 50 || changes[0].Pattern != "queue-254" || changes[0].By != "operator" || changes[0].At.IsZero() {
		t.Errorf("%d changes, %+v, %v", len(changes), changes[0], err)
	}
}

// Many operators on many nodes: each change is made once, and all nodes end with the same rules.
func TestManyChangeRules(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		const nodes, rounds = 4, 10
		var all [nodes]*matchq.Matcher
		for i := range all {
			all[i] = newMatcher(t, env, matchq.Config{Timeout: 10 * time.Second, Logger: quiet})
		}
		var group sync.WaitGroup
		for i, m := range all {
			group.Go(func() {
				for round := range rounds {
					for {
						_, err := m.SetRules(t.Context(), fmt.Sprint("queue-", i), matchq.Rules{Size: 2 + round}, byOperator)
						if err == nil {
							break
						}
						if !errors.Is(err, matchq.ErrUnavailable) { // the others change them all the time
							t.Error(err)
							return
						}
					}
				}
			})
		}
		group.Wait()
		want := rulesOf(t, all[0], "queue-0").Version
		if !strings.HasPrefix(want, fmt.Sprint(1+nodes*rounds, ".")) {
			t.Errorf("version %s after %d changes", want, nodes*rounds)
		}
		for i, m := range all {
			for j := range all {
				if got := rulesOf(t, m, fmt.Sprint("queue-", j)); got.Rules.Size != 1+rounds || got.Version != want {
					t.Errorf("node %d: %+v", i, got)
				}
			}
		}
	})
}

// While Redis is frozen, callers of a process that does not know the rules yet wait no longer than the time-out, however
// many they are, and nothing is queued.
func TestFirstCallsWhileRedisIsFrozen(t *testing.T) {
	const callers = 20
	lag := testkit.MeasureLag(t)
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Timeout: 300 * time.Millisecond})
	env.Server.Stop()
	began := time.Now()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: fmt.Sprint("p", i)})
			var unknown *matchq.UnknownError
			if !errors.Is(err, matchq.ErrUnavailable) || errors.As(err, &unknown) {
				t.Errorf("while Redis is frozen: %v", err)
			}
		})
	}
	group.Go(func() {
		results, err := m.EnqueueAll(t.Context(), []matchq.Request{{Queue: "q", Player: "x"}, {Queue: "q", Player: "y"}, {Queue: "", Player: "z"}})
		if err != nil || !errors.Is(results[0].Err, matchq.ErrUnavailable) || !errors.Is(results[1].Err, matchq.ErrUnavailable) {
			t.Errorf("all at once: %+v, %v", results, err)
		}
		checkInvalid(t, results[2].Err, "queue")
	})
	group.Wait()
	took := time.Since(began)
	env.Server.Continue()
	if most := time.Second + 3*lag(); took > most {
		t.Errorf("%d callers took %v, at most %v", callers, took, most)
	}
	enqueueAtLast(t, m, "q", "late")
	checkWaiting(t, newMatcher(t, env, matchq.Config{}), "q", 1)
}
