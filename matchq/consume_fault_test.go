package matchq_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestConsumeSurvivesARestart of Redis, while which handlers work on: their results are settled afterwards.
func TestConsumeSurvivesARestart(t *testing.T) {
	server := matchqtest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	env := &matchqtest.Env{Client: server.Client(t), Namespace: "restarted", Server: server}
	var log logged
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	o := quick("rooms")
	o.AckWait = time.Minute
	before := makeMatches(t, m, 5)
	var all deliveries
	release := make(chan struct{})
	work(t, m, o, func(_ context.Context, ev matchq.Event) error {
		all.add(ev)
		<-release
		return all.finish(ev)
	})
	matchqtest.Eventually(t, "it works on all", func() bool { return groupOf(t, m, "rooms").Delivered == len(before) })
	env.Server.Kill()
	close(release)
	matchqtest.Eventually(t, "they are handled", func() bool { return len(all.finished()) == len(before) })
	matchqtest.Eventually(t, "the outage is logged", func() bool { return log.count("no events until it answers") == 1 })
	env.Server.Restart()
	matchqtest.Eventually(t, "the outage is over", func() bool { return log.count("events go on") == 1 })
	after := makeMatches(t, m, 5)
	matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == int64(len(before)+len(after)) })
	if len(all.list()) != len(before)+len(after) {
		t.Errorf("%d deliveries", len(all.list()))
	}
}

// TestConsumeBeginsAnewInAnEmptiedRedis, and matches that are made then are handled.
func TestConsumeBeginsAnewInAnEmptiedRedis(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	var all deliveries
	work(t, m, quick("rooms"), func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
	makeMatches(t, m, 3)
	matchqtest.Eventually(t, "all are done", func() bool { return len(all.finished()) == 3 })
	if err := env.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	later := makeMatches(t, m, 3)
	matchqtest.Eventually(t, "the later ones are done", func() bool { return len(all.finished()) == 6 })
	for _, ev := range later {
		if !slices.Contains(all.finished(), ev.ID) {
			t.Errorf("%s is missing", ev.ID)
		}
	}
}

// TestConsumeWithRepeatedCalls has every call of every script made twice: nothing is delivered twice, and nothing waits for
// a lease that nobody has.
func TestConsumeWithRepeatedCalls(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		calm := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, calm, 40)
		env.Client.AddHook(twice{})
		m := newMatcher(t, env, matchq.Config{})
		o := quick("rooms")
		o.AckWait = time.Hour
		var all deliveries
		end := work(t, m, o, func(_ context.Context, ev matchq.Event) error {
			all.add(ev)
			if ev.ID == events[0].ID && ev.Delivery < 3 {
				return errHandle
			}
			return all.finish(ev)
		})
		matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == int64(len(events)) })
		end()
		if len(all.list()) != len(events)+2 {
			t.Errorf("%d deliveries of %d events", len(all.list()), len(events))
		}
	})
}

// twice is a hook that makes every call of a script twice.
type twice struct{}

func (twice) DialHook(next redis.DialHook) redis.DialHook { return next }

func (twice) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && cmd.Name() == "evalsha" {
			err = next(ctx, cmd)
		}
		return err
	}
}

// TestALostReplyDelaysNothing: the matches that a call without an answer has leased come with its repetition.
func TestALostReplyDelaysNothing(t *testing.T) {
	env := matchqtest.Real(t)
	calm := newMatcher(t, env, matchq.Config{})
	events := makeMatches(t, calm, 10)
	proxy := testkit.NewProxy(t, env.Server.Addr)
	through := *env
	through.Client = proxy.Client(t)
	m := newMatcher(t, &through, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	proxy.LoseReplies(testkit.HashOf(t, "match/work"), 6) // more than the driver repeats by itself
	o := quick("rooms")
	o.AckWait = time.Hour
	var all deliveries
	work(t, m, o, func(_ context.Context, ev matchq.Event) error { all.add(ev); return all.finish(ev) })
	matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, calm, "rooms").Done == int64(len(events)) })
	if proxy.Left() > 0 || len(all.list()) != len(events) {
		t.Errorf("%d replies were not lost; %d deliveries of %d events", proxy.Left(), len(all.list()), len(events))
	}
}

// TestNamespacesWithoutAGroupPayNothing counts the commands of enqueues and ticks, before there is a group, with one that
// no worker works for, and after it is gone.
func TestNamespacesWithoutAGroupPayNothing(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	players := 0
	count := func() string {
		if err := env.Client.ConfigResetStat(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			players++
			enqueue(t, m, "history", fmt.Sprint(players))
		}
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		stats, err := env.Client.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(stats) {
			name, rest, found := strings.Cut(strings.TrimSpace(line), ":")
			if found && name != "cmdstat_hello" && !strings.HasPrefix(name, "cmdstat_client|") { // of connections
				calls, _, _ := strings.Cut(rest, ",")
				lines = append(lines, strings.TrimPrefix(name, "cmdstat_")+" "+calls)
			}
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	count() // the first calls do more
	before := count()
	end := work(t, m, quick("rooms"), func(context.Context, matchq.Event) error { return nil })
	matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == 40 })
	end()
	if with := count(); with != before {
		t.Errorf("a tick with a group costs\n%s\nwithout\n%s", with, before)
	}
	if err := m.DeleteGroup(t.Context(), "rooms"); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("after the group a tick costs\n%s\nbefore\n%s", after, before)
	}
}

// TestConsumeLeavesNothingBehind: no goroutine outlives a Consume that has returned.
func TestConsumeLeavesNothingBehind(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t), matchq.Config{})
	makeMatches(t, m, 5)
	var all deliveries
	for range 3 {
		end := work(t, m, quick("rooms"), func(ctx context.Context, ev matchq.Event) error {
			all.add(ev)
			<-ctx.Done()
			return ctx.Err()
		})
		matchqtest.Eventually(t, "it works on all", func() bool { return groupOf(t, m, "rooms").Delivered == 5 })
		end()
	}
	stacks := make([]byte, 1<<20)
	matchqtest.Eventually(t, "no goroutine is left", func() bool {
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "matchq/internal/work.")
	})
}
