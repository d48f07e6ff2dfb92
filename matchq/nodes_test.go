package matchq_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

const nodeInterval = 100 * time.Millisecond

// hangsAfter is how many visits a node makes that is told to hang in the middle of a batch: visits that made matches, and
// were not the last of their batch.
const hangsAfter = 5

// TestMain lets the test binary be a node: a separate process that runs a namespace and prints its reports.
func TestMain(m *testing.M) {
	if addr := os.Getenv("MATCHQ_TEST_NODE"); addr != "" {
		runNode(addr, os.Getenv("MATCHQ_TEST_NAMESPACE"))
		return
	}
	if addr := os.Getenv("MATCHQ_TEST_WORKER"); addr != "" {
		runWorker(addr, os.Getenv("MATCHQ_TEST_NAMESPACE"))
		return
	}
	os.Exit(m.Run())
}

func runNode(addr, namespace string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	reports := json.NewEncoder(os.Stdout)
	unfinished, hangs := 0, os.Getenv("MATCHQ_TEST_HANGS") != ""
	size, _ := strconv.Atoi(os.Getenv("MATCHQ_TEST_SIZE")) // 0: not said
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true}), matchq.Config{
		Namespace: namespace,
		Interval:  nodeInterval,
		Size:      size,
		Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) {
			_ = reports.Encode(r)
			if r.More && r.Matches > 0 {
				unfinished++
			}
			if hangs && unfinished == hangsAfter { // until it is killed
				select {}
			}
		}},
	})
	if err == nil {
		err = m.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// nodes are processes that run one namespace.
type nodes struct {
	sync.Mutex
	all     sync.WaitGroup
	visits  map[string]int // queue and window → visits that ended its batch
	matches []int          // made by each node

	unfinished int // visits that made matches and did not end their batch
	twice      []string
}

// start starts a node and returns its process, so that a test can kill it.
func (n *nodes) start(t *testing.T, number int, env *matchqtest.Env, settings ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MATCHQ_TEST_NODE="+env.Server.Addr, "MATCHQ_TEST_NAMESPACE="+env.Namespace)
	cmd.Env = append(cmd.Env, settings...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	n.all.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var r matchq.TickReport
			if json.Unmarshal(lines.Bytes(), &r) != nil {
				return // the line cut off when the node was killed
			}
			n.note(number, &r)
		}
		_ = cmd.Wait() // its error is expected if the test killed it
	})
	return cmd
}

// inTheMiddle says whether a node has made so many visits that were not the last of their batch.
func (n *nodes) inTheMiddle(visits int) bool {
	n.Lock()
	defer n.Unlock()
	return n.unfinished == visits
}

// idle is how many nodes have made no match.
func (n *nodes) idle() (nodes int) {
	n.Lock()
	defer n.Unlock()
	for _, matches := range n.matches {
		if matches == 0 {
			nodes++
		}
	}
	return nodes
}

func (n *nodes) note(number int, r *matchq.TickReport) {
	n.Lock()
	defer n.Unlock()
	n.matches[number] += r.Matches
	if r.More && r.Matches > 0 {
		n.unfinished++
	}
	if r.More {
		return
	}
	window := fmt.Sprintf("%s at %d", r.Queue, r.Window.UnixMilli())
	if n.visits[window]++; n.visits[window] > 1 {
		n.twice = append(n.twice, window)
	}
}

func TestGuarantee4EachWindowOnceWhoeverDies(t *testing.T) {
	const queues, afterDeath = 200, 8
	env := matchqtest.Real(t)
	lag := testkit.MeasureLag(t, env.Client)
	n := &nodes{visits: map[string]int{}, matches: make([]int, 4)}
	var running []*exec.Cmd
	for number := range 4 {
		running = append(running, n.start(t, number, env))
	}
	inRun(t, env, 4) // a process takes a second to start under the race detector
	m := newMatcher(t, env, matchq.Config{Interval: nodeInterval})

	// Each round two players join each queue; one node dies without warning in the middle, when all have done some work.
	queued := map[string]bool{}
	round, last, began := 0, math.MaxInt, time.Now()
	for ; round <= last; round++ {
		if time.Since(began) > matchqtest.Patience {
			t.Fatalf("%d nodes have made no match in %d rounds", n.idle(), round)
		}
		for _, pair := range []string{"a", "b"} {
			requests := make([]matchq.Request, queues)
			for q := range requests {
				requests[q] = matchq.Request{Queue: fmt.Sprintf("quiz-%d", q), Player: fmt.Sprintf("%d-%d-%s", round, q, pair)}
			}
			results, err := m.EnqueueAll(t.Context(), requests)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				queued[r.Ticket.ID] = true
			}
		}
		if last == math.MaxInt && round >= afterDeath && n.idle() == 0 {
			last = round + afterDeath
			if err := running[0].Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		// The next round starts when this one is done.
		matchqtest.Eventually(t, "everybody is matched", func() bool {
			stats, err := m.Stats(t.Context())
			return err == nil && stats.Waiting == 0
		})
	}
	checkDelays(t, m, queued, lag)
	for _, cmd := range running[1:] {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	n.all.Wait()
	if len(n.twice) > 0 {
		t.Errorf("%d windows of %d were ticked twice: %v", len(n.twice), len(n.visits), n.twice[0])
	}
	if audit := checkAudit(t, m); audit.Matched != int64(queues*round*2) {
		t.Errorf("matched: %d", audit.Matched)
	}
}

// checkDelays checks in the events that each player was matched once, at most an interval late.
func checkDelays(t *testing.T, m *matchq.Matcher, queued map[string]bool, lag func() time.Duration) {
	t.Helper()
	var slowest time.Duration
	for event, err := range watch(t, m, matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		for _, ticket := range event.Tickets() {
			if !queued[ticket.ID] || event.Kind != matchq.Matched {
				t.Fatalf("ticket %s is %s, or it was before", ticket.ID, event.Kind)
			}
			delete(queued, ticket.ID)
			slowest = max(slowest, ticket.Waited)
		}
		if len(queued) == 0 {
			break
		}
	}
	// A window, an interval's delay, and slack for four processes, which run four times as slow under the race detector: a
	// window that waits for a lease takes three seconds.
	if most := 2*nodeInterval + 1200*time.Millisecond + 3*lag(); slowest > most {
		t.Errorf("a player waited %v at an interval of %v, want at most %v", slowest, nodeInterval, most)
	}
}
