package e2e_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Operators see the stored minutes of a queue, on any node; others do not.
func TestHistoryOfAQueue(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded()...)
		const path = "/v1/admin/queues/quiz%2Fhistory/history"
		if got := n.want(200, n.as(adminToken, "GET", path, "")); got.raw == "" || got.text("minutes.0.at") != "" {
			t.Errorf("before anybody waited: %s", got.raw)
		}
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace})
		if err != nil {
			t.Fatal(err)
		}
		record := func() time.Time {
			for {
				stats, err := m.Stats(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				taken, err := history.New(m).RecordQueues(t.Context(), stats.At, []history.QueueSample{
					{Queue: "quiz/history", Waiting: 3, LongestWait: 1500 * time.Millisecond, Matches: 9, NewMatches: 4},
				})
				if err != nil {
					t.Fatal(err)
				}
				if taken == 1 { // else a new minute has begun
					return stats.At.Truncate(time.Minute)
				}
			}
		}
		at := record()
		got := n.want(200, n.as(adminToken, "GET", path, ""))
		for field, want := range map[string]any{
			"minutes.0.at": at.UTC().Format(time.RFC3339), "minutes.0.waiting": json.Number("3"), "minutes.0.oldest_ms": json.Number("1500"), "minutes.0.matches": json.Number("4"),
		} {
			if got.at(field) != want {
				t.Errorf("%s is %v, want %v, in %s", field, got.at(field), want, got.raw)
			}
		}
		n.want(200, n.as(adminToken, "GET", path+"?minutes=1440", ""))
		for _, wrong := range []string{"0", "1441", "x"} {
			n.want(422, n.as(adminToken, "GET", path+"?minutes="+wrong, ""))
		}
		n.want(401, n.call("GET", path, ""))
	})
}
