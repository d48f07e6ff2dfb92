package browser_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// recordPast stores a minute of a queue: ten minutes ago 40 players waited, and seven matches were made.
func recordPast(t *testing.T, env *matchqtest.Env, namespace, queue string) {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: namespace, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-10 * time.Minute)
	env.Embedded.SetTime(at)
	defer env.Embedded.SetTime(time.Time{})
	samples := []history.QueueSample{{Queue: queue, Waiting: 40, LongestWait: 3 * time.Second, Matches: 7, NewMatches: 7}}
	if taken, err := history.New(m).RecordQueues(t.Context(), at, samples); err != nil || taken != 1 {
		t.Fatalf("%d samples were taken, %v", taken, err)
	}
}
