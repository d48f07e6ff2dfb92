package matchq_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// A record that the rules can't read fails its queue, and no other: each visit says so.
func TestAFaultOfTheRulesIsTold(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		var log bytes.Buffer
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		setRules(t, m, "*", matchq.Rules{Rules: []rules.Rule{{Type: rules.Equal, Attribute: "lang"}}})
		var mends []func()
		for queue, players := range map[string]int{"history": 2, "large": 300, "maths": 2} {
			requests := make([]matchq.Request, players)
			for i := range requests {
				requests[i] = matchq.Request{Queue: queue, Player: fmt.Sprint(queue, i), Attributes: []byte(`{"lang":"en"}`)}
			}
			results, err := m.EnqueueAll(t.Context(), requests)
			if err != nil {
				t.Fatal(err)
			}
			if queue != "maths" {
				mends = append(mends, breakRecord(t, env, results[0].Ticket.ID))
			}
		}
		for queue, players := range map[string]int{"history": 2, "large": 300} { // in one call, and in several by rank
			report, err := m.Tick(t.Context(), queue)
			var failed *matchq.PolicyError
			if !errors.As(err, &failed) || failed.Queue != queue || report.Left+2*report.Matches != players || report.Fallback {
				t.Errorf("%+v, %v", report, err)
			}
		}
		if !strings.Contains(log.String(), "can't be matched by its rules") {
			t.Errorf("the log has %q", &log)
		}
		if got, err := m.Tick(t.Context(), "maths"); err != nil || got.Matches != 1 {
			t.Errorf("the other queue: %+v, %v", got, err)
		}
		for _, mend := range mends {
			mend()
		}
		checkAudit(t, m)
	})
}

// breakRecord cuts a waiting ticket's record behind its player, and returns a function that mends it.
func breakRecord(t *testing.T, env *matchqtest.Env, id string) (mend func()) {
	t.Helper()
	key := "{" + env.Namespace + "}:tickets"
	record, err := env.Client.HGet(t.Context(), key, id).Result()
	if err != nil {
		t.Fatal(err)
	}
	set := func(record string) {
		if err := env.Client.HSet(t.Context(), key, id, record).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set(strings.Join(strings.Split(record, "\t")[:4], "\t"))
	return func() { set(record) }
}
