package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// 1,001 players in 20 queues: every queue matches all players but at most one, and nobody twice.
func TestThousandPlayers(t *testing.T) {
	// Not parallel: the server answers within two seconds or not at all, and must not share the processors for that.
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--interval", "100ms", "--rate-limit", "off")
		const players = 1001
		queueOf := make([]int, players)
		inQueue := map[int]int{}
		for i := range queueOf {
			queueOf[i] = rand.IntN(20)
			inQueue[queueOf[i]]++
		}
		watched := make(chan []matchq.Match, 1)
		want := 0
		for _, count := range inQueue {
			want += count / 2
		}
		go func() { watched <- watch(t, n.matcher, want) }()
		for from := 0; from < players; from += 143 {
			got := n.call("POST", "/v1/tickets/batch", batchOf(from, from+143, func(i int) string {
				return fmt.Sprintf(`{"queue":"q%d","player":%d}`, queueOf[i], i)
			}))
			if got.status != http.StatusOK || got.text("results.0.ticket.state") != "waiting" {
				t.Fatalf("got %d %s", got.status, got.raw)
			}
		}
		seen := map[string]bool{}
		for _, m := range <-watched {
			for _, player := range m.Players() {
				if seen[player] {
					t.Errorf("player %s was matched twice", player)
				}
				seen[player] = true
			}
		}
		got := n.stats()
		if got.Enqueued != players || int(got.Matches) != want || int(got.Waiting) != players-2*want {
			t.Errorf("%+v, want %d matches", got, want)
		}
		queues, err := n.matcher.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queues {
			if q.Waiting > 1 {
				t.Errorf("%d are left in %s", q.Waiting, q.Name)
			}
		}
		n.stop()
		report, err := n.matcher.AuditDeep(t.Context())
		if err != nil || !report.OK() {
			t.Errorf("audit: %v, %v", err, report.Problems)
		}
	})
}

// watch collects the expected number of matches.
func watch(t *testing.T, m *matchq.Matcher, want int) (matches []matchq.Match) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	for ev, err := range m.Watch(ctx, matchq.FromOldest) {
		if err != nil {
			t.Errorf("watch: %v", err)
			break
		}
		matches = append(matches, *ev.Match)
		if len(matches) == want {
			break
		}
	}
	return matches
}
