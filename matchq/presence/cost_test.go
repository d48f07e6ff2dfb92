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

// Redis's work for each player who is told something is the same everywhere, unlike times.
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
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.n.Add(1)
		return next(ctx, cmds)
	}
}

// Mailboxes finds the same as Mailbox, 32 in a round trip.
func TestMailboxes(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		reads := []presence.MailboxRead{{Player: "", After: "0-0"}, {Player: "player-1", After: "what?"}, {Player: "nobody", After: "0-0"}}
		for i := range 40 {
			player := fmt.Sprint("player-", i)
			send(t, p, numbered(player, 0, 1+i%3)...)
			all, _ := mailbox(t, p, player, "0-0")
			reads = append(reads, presence.MailboxRead{Player: player, After: all[0].Seq}, presence.MailboxRead{Player: player, After: "0-0"})
		}
		trips := &atomic.Int64{}
		env.Client.AddHook(tripHook{trips})
		parts, err := p.Mailboxes(t.Context(), reads...)
		if err != nil || len(parts) != len(reads) {
			t.Fatalf("%d parts: %v", len(parts), err)
		}
		if got := trips.Load(); got != 3 {
			t.Errorf("%d round trips for %d mailboxes", got, len(reads))
		}
		for i, read := range reads {
			want, found := mailbox(t, p, read.Player, read.After)
			if parts[i].Found != found || len(parts[i].Messages) != len(want) || len(want) > 0 && parts[i].Messages[0].Seq != want[0].Seq {
				t.Errorf("%+v: %+v, want %+v, %v", read, parts[i], want, found)
			}
		}
		if parts, err := p.Mailboxes(t.Context()); err != nil || len(parts) != 0 {
			t.Errorf("none: %v, %v", parts, err)
		}
	})
}
