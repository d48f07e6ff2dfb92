package matchq_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
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
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
	var longest time.Duration
	for range *kills {
		testkit.Calm(t, killed.AckWait/5, env.Client, func(_ int, lag func() time.Duration) []string {
			took, wrong := killWorker(t, env, m)
			if most := killed.AckWait + 100*time.Millisecond + 2*lag(); took > most {
				wrong = append(wrong, fmt.Sprintf("a match came again after %v, more than %v", took, most))
			}
			if len(wrong) == 0 {
				longest = max(longest, took)
			}
			return wrong
		})
	}
	t.Logf("%d kills: the last match came again %v after the kill, at most; AckWait is %v", *kills, longest, killed.AckWait)
}

// killWorker kills one process, and returns how long after that its last match came again.
func killWorker(t *testing.T, env *matchqtest.Env, m *matchq.Matcher) (took time.Duration, wrong []string) {
	t.Helper()
	const held = 4
	wrongf := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	ids := idsOfEvents(makeMatches(t, m, held))
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
		wrongf("the worker holds %v, not %v", got, ids)
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
	took = time.Unix(0, last.Load()).Sub(at)
	if !slices.Equal(all.finished(), ids) {
		wrongf("then came %v, not %v once each", all.finished(), ids)
	}
	for _, id := range ids {
		if !slices.Equal(all.of(id), []int{2}) {
			wrongf("deliveries of %s: %v", id, all.of(id))
		}
	}
	return took, wrong
}
