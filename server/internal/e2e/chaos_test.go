package e2e_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// brief makes the server forget ended things within seconds.
func brief(c *app.Config) {
	c.Keep = flags.Keep{Retention: time.Second, Mailbox: 500 * time.Millisecond}
	g := &c.Game
	g.Countdown, g.Question, g.Pause = 5*time.Millisecond, 20*time.Millisecond, 5*time.Millisecond
	g.Resend, g.MaxSends = 20*time.Millisecond, 3
	g.KeepOver, g.ClaimTimeout = 1500*time.Millisecond, 500*time.Millisecond
}

// The server survives 10,000 random frames and 800 random requests, and forgets them.
func TestNonsense(t *testing.T) {
	// Not parallel: it counts goroutines and memory.
	const frames, requests = 5_000, 400 // for each server
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	embedded := matchqtest.Embedded(t)
	embedded.Embedded.ClockTTL(true)
	envs := []*matchqtest.Env{embedded, matchqtest.Real(t)}
	var nodes []*testNode
	for i, env := range envs {
		nodes = append(nodes, startWith(t, env, brief, "--interval", "10ms", "--grace", "100ms", "--ticket-ttl", "300ms",
			"--room-ttl", "1s", "--rate-limit", "1000/s", "--rate-limit-address", "100000/s", "--ready-timeout", []string{"200ms", "0"}[i]))
	}
	throw := func(seed uint64, frames int64, requests int) {
		var throwing sync.WaitGroup
		for _, n := range nodes {
			throwing.Go(func() {
				c := &chaos{T: t, url: n.url, routes: n.routes, seed: seed, said: map[string][]string{}}
				c.throw(frames, requests)
			})
		}
		throwing.Wait()
	}
	settle := func() {
		for i, n := range nodes {
			n.forgets(envs[i])
		}
	}
	throw(seed, 400, 20)
	settle()
	http.DefaultClient.CloseIdleConnections()
	goroutinesBefore, heapBefore := goroutines(), heap(nodes)
	enough := func(n *testNode) bool {
		got := n.stats()
		return got.Enqueued >= 20 && got.Matches > 0
	}
	throw(seed+1, frames, requests)
	for more := seed + 2; slices.ContainsFunc(nodes, func(n *testNode) bool { return !enough(n) }) && more < seed+10; more++ {
		throw(more, frames/4, 0) // by chance, or on a machine that stalls, little happened
	}
	settle()
	http.DefaultClient.CloseIdleConnections()
	matchqtest.Eventually(t, "no more goroutines than before", func() bool { return goroutines() <= goroutinesBefore })
	// The driver keeps the connections that it had most of at once, each with buffers of 64 KiB.
	pools := int64(len(nodes)) * int64(10*runtime.GOMAXPROCS(0)) * 64 << 10
	if grown := heap(nodes) - heapBefore; grown > 4<<20+pools {
		t.Errorf("%d bytes more are in use than before", grown)
	}
	for _, n := range nodes {
		for _, message := range []string{"a connection panicked", "a handler panicked", "a request panicked"} {
			if n.log.has(message) {
				t.Error("there was a panic")
			}
		}
		n.dial().quiet()
		if !enough(n) {
			t.Errorf("too little happened: %+v", n.stats())
		}
	}
}

// forgets waits until Redis holds only the keys that a node needs.
func (n *testNode) forgets(env *matchqtest.Env) {
	n.t.Helper()
	ctx, all := n.t.Context(), "{"+env.Namespace+"}:"
	meta, err := env.Client.HKeys(ctx, all+"meta").Result()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, field := range meta { // set by operators; only operators undo it
		if queue, ok := strings.CutPrefix(field, "paused:"); ok {
			if err := n.matcher.Resume(ctx, queue); err != nil {
				n.t.Fatal(err)
			}
		}
	}
	_, rules, err := n.matcher.AllRules(ctx)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, r := range rules {
		if r.Source != matchq.FromOperator {
			continue
		}
		if _, err := n.matcher.DeleteRules(ctx, r.Pattern, matchq.Edit{By: "test"}); err != nil {
			n.t.Fatal(err)
		}
	}
	queues, err := n.matcher.Queues(ctx)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, queue := range queues { // tickets may have any time to live
		if _, err := n.matcher.Drain(ctx, queue.Name); err != nil {
			n.t.Fatal(err)
		}
	}
	var left map[string]int64
	defer func() {
		if n.t.Failed() {
			n.t.Logf("left in Redis: %v", left)
		}
	}()
	matchqtest.Eventually(n.t, "Redis holds what it held at the start", func() bool {
		left = sizes(n.t, env.Client)
		delete(left, all+"counters")  // totals
		delete(left, all+"matched")   // totals of queues, whose number is limited
		delete(left, all+"operators") // the newest 500 actions of operators
		isHistory := func(key string, _ int64) bool {
			return strings.HasPrefix(key, all+"minute:") || strings.HasPrefix(key, all+"minute_queues:")
		}
		maps.DeleteFunc(left, isHistory) // kept for a day
		if left[all+"rules"] > 1 || left[all+"changes"] > 50 {
			return false
		}
		return maps.Equal(left, map[string]int64{
			all + "meta": left[all+"meta"], all + "events": 0, all + "nodes": 1, all + "node_info": 1, all + "runs": 1,
			all + "rules": left[all+"rules"], all + "changes": left[all+"changes"], // those of the flags, if no operator's replaced them
		})
	})
	wanted := []string{"born", "config", "leases", "rules"}
	meta, err = env.Client.HKeys(ctx, all+"meta").Result()
	meta = slices.DeleteFunc(meta, func(field string) bool { return field == "trimmed" }) // once anything was forgotten
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(meta)), wanted) {
		n.t.Errorf("meta has %v, %v", meta, err)
	}
	report, err := n.matcher.AuditDeep(ctx)
	if err != nil || !report.OK() || report.Waiting+report.Proposed != 0 {
		n.t.Errorf("audit: %v, %+v", err, report)
	}
}

// sizes returns all keys of a Redis and their numbers of members.
func sizes(t *testing.T, rdb redis.UniversalClient) map[string]int64 {
	t.Helper()
	ctx, found := t.Context(), map[string]int64{}
	keys := rdb.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		kind := rdb.Type(ctx, key).Val()
		switch kind {
		case "hash":
			found[key] = rdb.HLen(ctx, key).Val()
		case "zset":
			found[key] = rdb.ZCard(ctx, key).Val()
		case "stream":
			found[key] = rdb.XLen(ctx, key).Val()
		case "set":
			found[key] = rdb.SCard(ctx, key).Val()
		case "list":
			found[key] = rdb.LLen(ctx, key).Val()
		case "none": // the key has just expired
		default:
			found[key] = -1
		}
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// goroutines counts goroutines, except those of connections to Redis, which stay open.
func goroutines() (count int) {
	for stack := range strings.SplitSeq(stacks(), "\n\n") {
		if !strings.Contains(stack, "miniredis") && !strings.Contains(stack, "go-redis") {
			count++
		}
	}
	return count
}

// heap returns the memory in use, without the servers' logs.
func heap(nodes []*testNode) int64 {
	for _, n := range nodes {
		n.log.all.mu.Lock()
		n.log.all.Buffer = bytes.Buffer{}
		n.log.all.mu.Unlock()
	}
	runtime.GC()
	runtime.GC() // the second run frees the pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
