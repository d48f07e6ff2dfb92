package matchq_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var kills = flag.Int("kills", 2, "how many workers TestKilledWorkersMatchesComeAgain kills")

// runWorker is a process that leases matches, says so, and never ends them.
func runWorker(addr, namespace string) {
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true}), matchq.Config{
		Namespace: namespace, Logger: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = m.Consume(context.Background(), killed, func(ctx context.Context, ev matchq.Event) error {
			fmt.Println(ev.ID)
			<-ctx.Done()
			return nil
		})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// killed are the options of workers that are killed, and of those who take over.
var killed = matchq.ConsumeOptions{Group: "rooms", AckWait: 500 * time.Millisecond, Concurrency: 8, MaxDeliveries: -1}

// TestKilledWorkersMatchesComeAgain kills processes that hold matches: each match comes again once, when AckWait is over.
func TestKilledWorkersMatchesComeAgain(t *testing.T) {
	const held = 4
	lag := testkit.MeasureLag(t)
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	var longest time.Duration
	for range *kills {
		var ids []string
		for _, ev := range makeMatches(t, m, held) {
			ids = append(ids, ev.ID)
		}
		worker := exec.Command(os.Args[0])
		worker.Env = append(os.Environ(), "MATCHQ_TEST_WORKER="+env.Server.Addr, "MATCHQ_TEST_NAMESPACE="+env.Namespace)
		output, err := worker.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = worker.Process.Kill() })
		var got []string
		for range held {
			var id string
			if _, err := fmt.Fscanln(output, &id); err != nil {
				t.Fatal(err)
			}
			got = append(got, id)
		}
		if slices.Sort(got); !slices.Equal(got, ids) {
			t.Fatalf("the worker holds %v, not %v", got, ids)
		}
		var all deliveries
		var last atomic.Int64
		end := work(t, m, killed, func(_ context.Context, ev matchq.Event) error {
			all.add(ev)
			last.Store(time.Now().UnixNano())
			return all.finish(ev)
		})
		matchqtest.Eventually(t, "there are two workers", func() bool { return groupOf(t, m, "rooms").Workers >= 2 })
		at := time.Now()
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, output)
		_ = worker.Wait() // it was killed
		matchqtest.Eventually(t, "all came again", func() bool { return len(all.finished()) >= held })
		end()
		longest = max(longest, time.Unix(0, last.Load()).Sub(at))
		if !slices.Equal(all.finished(), ids) {
			t.Fatalf("then came %v, not %v once each", all.finished(), ids)
		}
		for _, id := range ids {
			if !slices.Equal(all.of(id), []int{2}) {
				t.Fatalf("deliveries of %s: %v", id, all.of(id))
			}
		}
	}
	t.Logf("%d kills: the last match came again %v after the kill, at most; AckWait is %v", *kills, longest, killed.AckWait)
	if most := killed.AckWait + 100*time.Millisecond + 2*lag(); longest > most {
		t.Errorf("a match came again after %v, more than %v", longest, most)
	}
}

// TestConsumeSurvivesARestart of Redis, while which handlers work on: what they came to is settled afterwards.
func TestConsumeSurvivesARestart(t *testing.T) {
	server := matchqtest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	env := &matchqtest.Env{Client: server.Client(t), Namespace: "restarted", Server: server}
	var log logged
	m := newMatcher(t, env, matchq.Config{Timeout: 300 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
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

// TestAnAbandonedGroup costs a bounded amount: matches are kept for it, up to its bound, and it goes after its retention.
func TestAnAbandonedGroup(t *testing.T) {
	env := matchqtest.Embedded(t)
	clock := newEmbeddedClock(env)
	var log logged
	m := newMatcher(t, env, matchq.Config{Retention: 4 * time.Second, Interval: 10 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	o := quick("rooms")
	o.MaxWaiting, o.Retention = 5, 30*time.Second
	end := work(t, m, o, func(context.Context, matchq.Event) error { return nil })
	matchqtest.Eventually(t, "it is there", func() bool { return groupOf(t, m, "rooms").Workers == 1 })
	end()
	events := makeMatches(t, m, 8)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	clock.forward(3 * time.Second) // they are kept for the group before they are forgotten
	matchqtest.Eventually(t, "as many are kept as may be", func() bool { return groupOf(t, m, "rooms").Waiting == 5 })
	clock.forward(3 * time.Second)
	matchqtest.Eventually(t, "the events are forgotten", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Forgotten == 16
	})
	if g := groupOf(t, m, "rooms"); g.Dropped != 3 || g.Gaps != 0 {
		t.Errorf("the group: %+v", g)
	}
	var all deliveries
	end = work(t, m, o, func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
	matchqtest.Eventually(t, "the newest are done", func() bool { return len(all.finished()) == 5 })
	if got := all.finished(); got[0] != events[3].ID {
		t.Errorf("the oldest is %s, not %s", got[0], events[3].ID)
	}
	clock.forward(time.Minute) // a jump of the clock ends no group whose worker lives
	matchqtest.Eventually(t, "the group is looked at", func() bool { return groupOf(t, m, "rooms").Expires > 20*time.Second })
	end()
	clock.forward(31 * time.Second)
	matchqtest.Eventually(t, "the group is about to go", func() bool {
		return env.Client.HGet(t.Context(), "{"+env.Namespace+"}:group:rooms", "goes_at").Val() != ""
	})
	clock.forward(11 * time.Second)
	matchqtest.Eventually(t, "the group is gone", func() bool {
		groups, err := m.Groups(t.Context())
		return err == nil && len(groups) == 0
	})
	if log.count("the oldest was dropped") == 0 {
		t.Error("nothing said that events were dropped")
	}
}

// embeddedClock sets the clock of an embedded Redis.
type embeddedClock struct {
	mu  sync.Mutex
	env *matchqtest.Env
	now time.Time
}

func newEmbeddedClock(env *matchqtest.Env) *embeddedClock {
	c := &embeddedClock{env: env, now: time.Now()}
	env.Embedded.SetTime(c.now)
	return c
}

func (c *embeddedClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.env.Embedded.SetTime(c.now)
}

// TestALeaseThatIsLost ends the context of its handler. A worker that lives loses none when Redis's clock is set.
func TestALeaseThatIsLost(t *testing.T) {
	env := matchqtest.Embedded(t)
	clock := newEmbeddedClock(env)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	var all deliveries
	causes := make(chan error, 1)
	o := quick("rooms")
	o.AckWait = 200 * time.Millisecond
	makeMatches(t, m, 1)
	work(t, m, o, func(ctx context.Context, ev matchq.Event) error {
		all.add(ev)
		if len(all.finished()) > 0 {
			return all.finish(ev)
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return all.finish(ev)
	})
	matchqtest.Eventually(t, "its handler runs", func() bool { return len(all.list()) == 1 })
	key := "{" + env.Namespace + "}:work:rooms"
	event := all.list()[0].ID
	if err := env.Client.HSet(t.Context(), key, "#"+event, "2 another").Err(); err != nil {
		t.Fatal(err)
	}
	if cause := <-causes; !errors.Is(cause, matchq.ErrLeaseLost) {
		t.Errorf("the context ended by %v", cause)
	}
	matchqtest.Eventually(t, "it is done all the same", func() bool { return groupOf(t, m, "rooms").Done == 1 })
	for _, jump := range []time.Duration{2 * time.Hour, -4 * time.Hour} {
		clock.forward(jump)
		later := makeMatches(t, m, 1)
		matchqtest.Eventually(t, "the later one is done", func() bool { return slices.Contains(all.finished(), later[0].ID) })
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
			if name, rest, found := strings.Cut(strings.TrimSpace(line), ":"); found && name != "cmdstat_hello" {
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
