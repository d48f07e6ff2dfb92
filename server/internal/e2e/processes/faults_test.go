package processes_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var rounds = flag.Int("rounds", 1, "rounds of each fault in TestFaults")

// fault is an event for servers or Redis while a crowd plays.
type fault struct {
	name     string
	nodes    int  // servers; 3 unless it says otherwise
	loses    bool // Redis may lose acknowledged writes
	expires  bool // times to live may be skipped
	measures bool // keep how long each wait took
	serial   bool // nothing else may run: begin changes the environment, or a topology's own time-outs are short
	// begin starts the Redis. strike returns when a round of the fault is over; settle waits until the next can begin.
	begin func(t *testing.T) site
}

// site is a Redis with a fault to come.
type site struct {
	env    *matchqtest.Env
	strike func(c *crowd, round int)
	settle func()
}

// alone is a site with one redis-server.
func alone(strike func(c *crowd, server *matchqtest.Server, round int), args ...string) func(*testing.T) site {
	return func(t *testing.T) site {
		server := matchqtest.Start(t, args...)
		rdb := userOf(t, server)
		env := &matchqtest.Env{Client: rdb, URL: "redis://" + server.Addr, Namespace: "faults", Server: server}
		return site{env: env, strike: func(c *crowd, round int) { strike(c, server, round) }}
	}
}

// userOf is a client with a Redis user of its own. Nothing is taken from that user.
func userOf(t *testing.T, server *matchqtest.Server) *redis.Client {
	t.Helper()
	if err := server.Client(t).Do(t.Context(), "ACL", "SETUSER", "operator", "on", ">operator", "~*", "&*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// restart kills Redis, and starts it after up to half a second.
func restart(_ *crowd, server *matchqtest.Server, _ int) {
	server.Kill()
	time.Sleep(rand.N(500 * time.Millisecond))
	server.Restart()
}

// refuses has Redis refuse for a second. begin and end run commands as its operator.
func refuses(begin, end func(do func(command ...any)), args ...string) func(*testing.T) site {
	return alone(func(c *crowd, server *matchqtest.Server, _ int) {
		rdb := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "operator", Password: "operator"})
		defer func() { _ = rdb.Close() }()
		do := func(command ...any) {
			if err := rdb.Do(context.Background(), command...).Err(); err != nil {
				c.t.Errorf("%v: %v", command, err)
			}
		}
		begin(do)
		time.Sleep(time.Second)
		end(do)
	}, args...)
}

// says is a begin or an end of one command.
func says(command ...any) func(func(...any)) {
	return func(do func(...any)) { do(command...) }
}

// cannotSave has Redis save to a folder that is not there.
func cannotSave(t *testing.T) site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "removed")
	return refuses(func(do func(...any)) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Error(err)
		}
		do("CONFIG", "SET", "dir", dir, "save", "10000 1")
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
		do("BGSAVE")
	}, says("CONFIG", "SET", "save", ""), "--enable-protected-configs", "yes")(t)
}

var faults = []*fault{
	{name: "nodes are killed", nodes: 4, begin: alone(func(c *crowd, _ *matchqtest.Server, _ int) {
		c.fleet.kill(2)
		c.calmFrom(time.Now())
		var starting sync.WaitGroup
		for range 2 {
			starting.Go(c.fleet.add)
		}
		starting.Wait()
	})},
	{name: "Redis is killed, always", begin: alone(restart, "--appendonly", "yes", "--appendfsync", "always")},
	{name: "Redis is killed, everysec", loses: true, begin: alone(restart, "--appendonly", "yes", "--appendfsync", "everysec")},
	{name: "Redis is killed, no persistence", loses: true, begin: alone(restart)},
	{name: "FLUSHALL", loses: true, begin: alone(func(c *crowd, server *matchqtest.Server, _ int) {
		if err := server.Client(c.t).FlushAll(context.Background()).Err(); err != nil {
			c.t.Error(err)
		}
	})},
	{name: "a failover by Sentinel that is asked for", serial: true, loses: true, begin: bySentinel(false)},
	{name: "a failover by Sentinel of a killed master", serial: true, loses: true, begin: bySentinel(true)},
	{name: "a failover in a cluster that is asked for", serial: true, begin: inCluster(func(c *cluster) { c.failOver(false) })},
	{name: "a failover in a cluster of a killed master", serial: true, loses: true, begin: inCluster(func(c *cluster) { c.failOver(true) })},
	{name: "the slot moves", serial: true, begin: inCluster(func(c *cluster) {
		if err := c.migrate(context.Background()); err != nil {
			c.t.Error(err)
		}
	})},
	{name: "Redis is full", begin: refuses(says("CONFIG", "SET", "maxmemory", "1"), says("CONFIG", "SET", "maxmemory", "0"))},
	{name: "NOPERM", begin: refuses(says("ACL", "SETUSER", "default", "-@all"), says("ACL", "SETUSER", "default", "+@all"))},
	{name: "READONLY", begin: refuses(says("REPLICAOF", "127.0.0.1", "1"), says("REPLICAOF", "NO", "ONE"))},
	{name: "MISCONF", begin: cannotSave},
	{name: "the clock jumps", expires: true, serial: true, begin: clockJumps},
}

func bySentinel(kill bool) func(*testing.T) site {
	return func(t *testing.T) site {
		s := startSentinels(t)
		return site{env: s.env, strike: func(*crowd, int) { s.failOver(kill) }, settle: s.settle}
	}
}

func inCluster(strike func(*cluster)) func(*testing.T) site {
	return func(t *testing.T) site {
		c := startCluster(t)
		return site{env: c.env, strike: func(*crowd, int) { strike(c) }, settle: c.settle}
	}
}

// Whatever happens to servers or to Redis, players are matched rightly, and nobody waits in silence. Each fault logs its
// row of the table in README.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if *rounds == 1 && !f.serial { // else its times are for README
				t.Parallel()
			}
			s := f.begin(t)
			c := gather(t, s.env, f)
			var times []time.Duration
			for round := range *rounds {
				if s.settle != nil {
					s.settle()
				}
				time.Sleep(rand.N(time.Second)) // so that the fault meets every state
				c.checkLost()
				c.disturb()
				s.strike(c, round)
				times = append(times, c.calmDown())
			}
			c.goHome()
			slices.Sort(times)
			t.Logf("| %s | %d | %d | %d | %v | %v |", f.name, len(times), c.violations, c.fleet.ended(),
				times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond))
			t.Logf("told: %s", c.summary())
		})
	}
}

// gather starts servers and a crowd.
func gather(t *testing.T, env *matchqtest.Env, f *fault) *crowd {
	t.Helper()
	ctx, goHome := context.WithCancel(t.Context())
	c := &crowd{
		t: t, fault: f, ctx: ctx, calm: time.Now(), waits: map[*wait]bool{}, told: map[string]int{}, players: map[string]string{}, ends: map[string]string{},
		gone: map[string]string{},
	}
	var err error
	c.matcher, err = matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Interval: time.Second, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.fleet = startFleet(t, env, max(f.nodes, 3), "--interval", "1s", "--rate-limit", "100/s", "--ticket-ttl", "1h")
	var players sync.WaitGroup
	c.goHome = sync.OnceFunc(func() {
		goHome()
		players.Wait()
		c.checkBooks()
	})
	t.Cleanup(c.goHome)
	players.Go(c.watch)
	for i := range 16 {
		queue := fmt.Sprint("queue-", i%3)
		v := &visitor{c: c, name: fmt.Sprint("visitor-", i), resumes: i%2 == 0}
		players.Go(func() { v.queues(queue, i%4 == 3) })
		p := &caller{c: c, name: fmt.Sprint("caller-", i), client: &http.Client{Timeout: 10 * time.Second}, streams: i%2 == 0}
		if i < 8 {
			players.Go(func() { p.queues(queue) })
		}
	}
	for i := range 4 {
		lone := &lonePlayer{visitor: visitor{c: c, name: fmt.Sprint("lone-", i), resumes: i%2 == 0}}
		c.lone = append(c.lone, lone)
		pair := newPair(c, fmt.Sprint("pair-", i), i%2 == 1)
		players.Go(lone.stays)
		players.Go(pair.inviter.invites)
		players.Go(pair.friend.accepts)
	}
	return c
}

// checkBooks holds the totals against the stored tickets. Nodes still tick meanwhile, so it may take another look.
func (c *crowd) checkBooks() {
	var report matchq.AuditReport
	var err error
	defer func() {
		if c.t.Failed() {
			c.t.Logf("audit: %+v, %v", report, err)
		}
	}()
	matchqtest.Eventually(c.t, "the audit adds up", func() bool {
		report, err = c.matcher.AuditDeep(context.Background())
		return err == nil && report.OK()
	})
}
