package processes_test

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

var soak = flag.Duration("soak", 8*time.Second, "how long TestSoak lasts; beyond five minutes it compares what grows")

// usage is the resources of servers and Redis, at the most.
type usage struct {
	heap, goroutines float64 // of a server
	keys             int64   // without the minutes of charts, of which one a minute comes for a day
	redis            int64   // memory
	p99              time.Duration
	waits            int
}

// Players queue, cancel, invite and play for a long time. Nothing grows after the first three minutes, in which finished
// tickets, mailboxes and rooms begin to be forgotten.
func TestSoak(t *testing.T) {
	env := matchqtest.Real(t)
	c := gather(t, env, &fault{name: "none", measures: true})
	const parts = 10
	var all []usage
	for range parts {
		time.Sleep(*soak / parts)
		u := c.usage(env)
		all = append(all, u)
		t.Logf("| heap %.1f MB | %.0f goroutines | %d keys, %.1f MB in Redis | %d waits, p99 %v |", u.heap/1e6, u.goroutines, u.keys,
			float64(u.redis)/1e6, u.waits, u.p99.Round(time.Millisecond))
	}
	c.calmDown()
	c.goHome()
	if *soak < 5*time.Minute {
		return
	}
	early, late := all[parts*3/10], all[parts-1]
	for what, grown := range map[string]float64{
		"the heap": late.heap / early.heap, "goroutines": late.goroutines / early.goroutines, "keys": float64(late.keys) / float64(early.keys),
		"Redis's memory": float64(late.redis) / float64(early.redis), "the p99 of waits": float64(late.p99) / float64(early.p99),
	} {
		if grown > 1.5 {
			t.Errorf("%s grew to %.2f times", what, grown)
		}
	}
}

// usage reads the present use, and the waits since the last call.
func (c *crowd) usage(env *matchqtest.Env) (u usage) {
	c.fleet.mu.Lock()
	nodes := slices.Clone(c.fleet.nodes)
	c.fleet.mu.Unlock()
	for _, n := range nodes {
		metrics := c.scrape(n.url)
		u.heap, u.goroutines = max(u.heap, metrics["go_memstats_heap_inuse_bytes"]), max(u.goroutines, metrics["go_goroutines"])
	}
	keys := env.Client.Scan(c.ctx, 0, "*", 1000).Iterator()
	for keys.Next(c.ctx) {
		if !strings.Contains(keys.Val(), "}:minute:") {
			u.keys++
		}
	}
	for line := range strings.Lines(env.Client.Info(c.ctx, "memory").Val()) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			u.redis, _ = strconv.ParseInt(text, 10, 64)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.took)
	if u.waits = len(c.took); u.waits > 0 {
		u.p99 = c.took[u.waits*99/100]
	}
	c.took = nil
	return u
}

// scrape reads the metrics of a server that have no labels.
func (c *crowd) scrape(url string) map[string]float64 {
	found := map[string]float64{}
	answer, err := http.Get(url + "/metrics")
	if err != nil {
		c.t.Error(err)
		return found
	}
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		var name string
		var value float64
		if n, _ := fmt.Sscan(lines.Text(), &name, &value); n == 2 {
			found[name] = value
		}
	}
	return found
}
