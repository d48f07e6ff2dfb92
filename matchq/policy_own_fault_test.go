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
		attributes := `{"lang":"en"}`
		for queue, players := range map[string]int{"history": 2, "large": 300, "maths": 2} {
			requests := make([]matchq.Request, players)
			for i := range requests {
				requests[i] = matchq.Request{Queue: queue, Player: fmt.Sprint(queue, i), Attributes: []byte(attributes)}
			}
			results, err := m.EnqueueAll(t.Context(), requests)
			if err != nil {
				t.Fatal(err)
			}
			if queue != "maths" {
				breakRecord(t, env, results[0].Ticket.ID, attributes)
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
		checkAudit(t, m)
	})
}

// breakRecord makes a waiting ticket's attributes a number.
func breakRecord(t *testing.T, env *matchqtest.Env, id, attributes string) {
	t.Helper()
	key := "{" + env.Namespace + "}:tickets"
	record, err := env.Client.HGet(t.Context(), key, id).Result()
	broken := strings.Replace(record, attributes, strings.Repeat("1", len(attributes)), 1)
	if err != nil || broken == record {
		t.Fatalf("%q, %v", record, err)
	}
	if err := env.Client.HSet(t.Context(), key, id, broken).Err(); err != nil {
		t.Fatal(err)
	}
}
