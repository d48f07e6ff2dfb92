package e2e_test

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// The cost of a crowd for Redis is the same everywhere, unlike times: calls of scripts and commands, for players who ask, break off,
// come back and are told of their matches.
func TestCostOfACrowd(t *testing.T) {
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h", "--ticket-ttl", "0", "--grace", "1m")
	const players = 300
	crowd := make([]*socket, players)
	each := func(do func(s *socket, player string)) {
		var all sync.WaitGroup
		for i, s := range crowd {
			all.Go(func() { do(s, strconv.Itoa(i)) })
		}
		all.Wait()
	}
	// most are the calls of each command for a player. Slack is for the server's other work.
	costs := func(what string, most map[string]float64, do func()) {
		const slack = 60
		before := commandCalls(t, env)
		do()
		after := commandCalls(t, env)
		for command, each := range most {
			got := after[command] - before[command]
			t.Logf("%s: %d calls of %s", what, got, command)
			if float64(got) > each*players+slack {
				t.Errorf("%s: %d calls of %s for %d players, want at most %v each", what, got, command, players, each)
			}
		}
	}
	open := func() {
		for i := range crowd {
			crowd[i] = n.dial()
		}
	}
	open()
	costs("to ask", map[string]float64{"evalsha": 2, "xadd": 0}, func() {
		each(func(s *socket, player string) { s.create(`"q"`, player) })
	})
	costs("to break off", map[string]float64{"evalsha": 0.5}, func() {
		for _, s := range crowd {
			_ = s.conn.Close()
		}
		matchqtest.Eventually(t, "all are away", func() bool {
			away, err := env.Client.ZCard(t.Context(), "{"+env.Namespace+"}:away").Result()
			return err == nil && away == players
		})
	})
	open()
	costs("to come back", map[string]float64{"evalsha": 2, "xrange": 1.1, "xadd": 0}, func() {
		each(func(s *socket, player string) {
			s.send(fmt.Sprintf(`{"event":"resume","data":{"userId":%s,"lastSeq":"0-0"}}`, player))
			s.expect("resumed")
			s.send(`{"event":"get_state"}`)
			if f := s.expect("state"); f.at("data.ticket.status") != "PUSHED_TO_QUEUE" {
				t.Errorf("%s waits no longer: %v", player, f)
			}
		})
	})
	told := map[string]float64{"evalsha": 0.1, "xadd": 1.1, "publish": 0.1, "xrevrange": 1, "pexpire": 1, "xreadgroup": 0.1, "xack": 0.1}
	costs("to be told", told, func() {
		if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		each(func(s *socket, _ string) { s.status("MATCHED") })
	})
}

// commandCalls is how often Redis has run each command, also in scripts.
func commandCalls(t *testing.T, env *matchqtest.Env) map[string]int {
	t.Helper()
	info, err := env.Client.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, found := range regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		counts[found[1]], _ = strconv.Atoi(found[2])
	}
	return counts
}
