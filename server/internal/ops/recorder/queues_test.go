package recorder_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// past reads the last hour of a queue: the matches of all minutes, and the most that waited.
func (n *node) past(t *testing.T, queue string) (minutes []history.QueueMinute, matches int64, waiting int) {
	t.Helper()
	stats, err := n.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if minutes, err = n.store.QueueMinutes(t.Context(), queue, stats.At.Add(-time.Hour), stats.At); err != nil {
		t.Fatal(err)
	}
	for i := range minutes {
		matches, waiting = matches+minutes[i].Matches, max(waiting, minutes[i].MostWaiting)
	}
	return minutes, matches, waiting
}

// Two nodes record queues: those in which somebody waits, and those that are empty after their matches. The totals hold
// whichever node heard of a match.
func TestQueuesOfNodes(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		a, b := newNode(t, env, "a"), newNode(t, env, "b")
		a.runs(t)
		a.matches(t, "history", 5)
		b.matches(t, "music", 8)
		b.matches(t, "capitals", 2)
		a.runs(t)
		b.runs(t)
		a.runs(t) // nothing has happened since
		for queue, want := range map[string]string{"history": "2 matches, 1 waiting", "music": "4 matches, 0 waiting", "capitals": "1 matches, 0 waiting"} {
			minutes, matches, waiting := a.past(t, queue)
			if got := fmt.Sprintf("%d matches, %d waiting", matches, waiting); got != want || len(minutes) > 2 {
				t.Errorf("%s: %s in %d minutes, want %s", queue, got, len(minutes), want)
			}
		}
	})
}

// More queues than a minute has: the busiest are recorded.
func TestBusiestQueues(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	env.Embedded.SetTime(time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC))
	n := newNode(t, env, "a")
	for queue := range history.MaxQueues + 20 {
		players := 1
		if queue%2 == 1 {
			players = 2
		}
		for player := range players {
			r := matchq.Request{Queue: fmt.Sprint("queue-", queue), Player: fmt.Sprint(queue, "-", player)}
			if _, err := n.Enqueue(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	n.runs(t)
	recorded := 0
	for queue := range history.MaxQueues + 20 {
		minutes, _, _ := n.past(t, fmt.Sprint("queue-", queue))
		if recorded += len(minutes); queue%2 == 1 && len(minutes) != 1 {
			t.Errorf("queue %d is not recorded", queue)
		}
	}
	if recorded != history.MaxQueues {
		t.Errorf("%d queues are recorded", recorded)
	}
}
