package presence_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// What Redis does for each player who is told something is the same everywhere, unlike times.
func TestCostOfSending(t *testing.T) {
	env := matchqtest.Real(t)
	_, p := newPresence(t, env, matchq.Config{})
	n := startNode(t, p, presence.NodeConfig{ID: "a"})
	const players = 128
	var messages []presence.Message
	for i := range players {
		name := fmt.Sprint("player-", i)
		n.connect(t, name, "c-"+name)
		messages = append(messages, presence.Message{Player: name, Event: "told", Data: []byte(`{"a":1}`)})
	}
	send(t, p, messages[0]) // makes the script known
	n.waitHeard(t, 1)
	var trips atomic.Int64
	env.Client.AddHook(tripHook{&trips})
	before := calls(t, env)
	trips.Store(0)
	send(t, p, messages...)
	if got := trips.Load(); got != 1 {
		t.Errorf("%d round trips for %d messages", got, players)
	}
	after := calls(t, env)
	for command, most := range map[string]int{"xrevrange": players, "xadd": players, "pexpire": players, "publish": 1, "hmget": 2} {
		if got := after[command] - before[command]; got > most {
			t.Errorf("%d calls of %s for %d messages, want at most %d", got, command, players, most)
		}
	}
	n.waitHeard(t, 1+players)
}

// waitHeard waits until a node has heard so many messages.
func (n *testNode) waitHeard(t *testing.T, want int) {
	t.Helper()
	matchqtest.Eventually(t, "all messages are heard", func() bool { return len(n.list(&n.heard)) == want })
}

// calls is how often Redis has run each command, also in scripts.
func calls(t *testing.T, env *matchqtest.Env) map[string]int {
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

// tripHook counts round trips of calls for messages.
type tripHook struct{ n *atomic.Int64 }

func (h tripHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h tripHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if len(cmd.Args()) > 100 { // heartbeats are short
			h.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (h tripHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
