package matchq_test

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// An operator changes the rules of 10,000 waiting players while three processes run, one of them is killed, others start
// with flags that say otherwise, and one with none. Nobody is lost, no process ends, and the operator's rules stand.
func TestRulesChangeUnderTenThousand(t *testing.T) {
	const queues, players, size = 100, 100, 5
	env := matchqtest.Real(t)
	n := &nodes{visits: map[string]int{}, matches: make([]int, 6)}
	var running []*exec.Cmd
	for number := range 3 {
		running = append(running, n.start(t, number, env))
	}
	m := newMatcher(t, env, matchq.Config{Logger: quiet, Timeout: 10 * time.Second})
	setRules(t, m, "*", matchq.Rules{Interval: 1000 * time.Hour, TicketTTL: matchq.Never})
	requests := make([]matchq.Request, 0, queues*players)
	for i := range queues * players {
		requests = append(requests, matchq.Request{Queue: fmt.Sprint("quiz-", i%queues), Player: fmt.Sprint("p", i)})
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}

	version := ""
	for _, interval := range []time.Duration{1000 * time.Hour, 500 * time.Hour, 100 * time.Millisecond} {
		go func() { _ = running[0].Process.Kill() }()
		version = setRules(t, m, "*", matchq.Rules{Interval: interval, Size: size, TicketTTL: matchq.Never})
	}
	for number := 3; number < 6; number++ {
		n.start(t, number, env, "MATCHQ_TEST_SIZE="+fmt.Sprint(number)) // of another deploy
	}
	matchqtest.Eventually(t, "all are matched by the new rules", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Matched == queues*players && stats.Matches == queues*players/size
	})
	if got := ticketOf(t, m, "p0"); got.Match == nil || got.Match.Rules != version {
		t.Errorf("%+v, %s", got, version)
	}
	if got := rulesOf(t, m, "quiz-0"); got.Version != version || got.Rules.Size != size || got.Source != matchq.FromOperator {
		t.Errorf("%+v after version %s", got, version)
	}
	checkAudit(t, m)
	for number, node := range running[1:] {
		if err := node.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("process %d has ended: %v", number+1, err)
		}
	}
}
