package processes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// patiently is matchqtest.Eventually for events that a topology decides by time-outs of its own.
func patiently(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after a minute: %s", what)
		}
	}
}

// sentinels is a master with two replicas and three sentinels.
type sentinels struct {
	t       *testing.T
	servers []*matchqtest.Server
	killed  *matchqtest.Server      // by the last failover
	watch   []*redis.SentinelClient // of each sentinel
	env     *matchqtest.Env
}

func startSentinels(t *testing.T) *sentinels {
	t.Helper()
	s := &sentinels{t: t}
	args := []string{"--repl-diskless-sync-delay", "0"}
	s.servers = append(s.servers, matchqtest.Start(t, args...))
	host, port, err := net.SplitHostPort(s.servers[0].Addr)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.servers = append(s.servers, matchqtest.Start(t, append(args, "--replicaof", host+" "+port)...))
	}
	var addrs []string
	for range 3 {
		config := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor game %s %s 2\nsentinel down-after-milliseconds game 2000\n"+
			"sentinel failover-timeout game 6000\nsentinel parallel-syncs game 2\n", host, port)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, matchqtest.StartSentinel(t, config).Addr)
	}
	for _, addr := range addrs {
		c := redis.NewSentinelClient(&redis.Options{Addr: addr})
		t.Cleanup(func() { _ = c.Close() })
		c.Process(t.Context(), redis.NewCmd(t.Context(), "SENTINEL", "DEBUG", "INFO-PERIOD", 500, "PUBLISH-PERIOD", 200)) // ten seconds otherwise
		matchqtest.Eventually(t, "the sentinel knows all", func() bool {
			replicas, err := c.Replicas(t.Context(), "game").Result()
			others, err2 := c.Sentinels(t.Context(), "game").Result()
			return err == nil && err2 == nil && len(replicas) == 2 && len(others) == 2
		})
		s.watch = append(s.watch, c)
	}
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "game", SentinelAddrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	s.env = &matchqtest.Env{Client: client, Namespace: "faults", URL: "redis+sentinel://" + strings.Join(addrs, ",") + "/game/0"}
	return s
}

// master returns the master that all sentinels agree on, nil if they don't.
func (s *sentinels) master() (master *matchqtest.Server) {
	for _, sentinel := range s.watch {
		addr, err := sentinel.GetMasterAddrByName(context.Background(), "game").Result()
		if err != nil {
			return nil
		}
		for _, server := range s.servers {
			if server.Addr != net.JoinHostPort(addr[0], addr[1]) {
				continue
			}
			if master != nil && master != server {
				return nil
			}
			master = server
		}
	}
	return master
}

// failOver has another server become the master, by asking for it or by killing the old one.
func (s *sentinels) failOver(kill bool) {
	old := s.master()
	if kill {
		old.Kill()
		s.killed = old
	} else {
		patiently(s.t, "the sentinel agrees to a failover", func() bool {
			return s.watch[0].Failover(context.Background(), "game").Err() == nil
		})
	}
	patiently(s.t, "another server is the master", func() bool {
		now := s.master()
		return now != nil && now != old && isMaster(now.Client(s.t))
	})
}

// settle waits until the next failover can be done.
func (s *sentinels) settle() {
	if s.killed != nil {
		s.killed.Restart() // the sentinels make it a replica
		s.killed = nil
	}
	patiently(s.t, "both others replicate", func() bool {
		master := s.master()
		return master != nil && strings.Contains(master.Client(s.t).Info(context.Background(), "replication").Val(), "connected_slaves:2")
	})
}

func isMaster(rdb *redis.Client) bool {
	return strings.Contains(rdb.Info(context.Background(), "replication").Val(), "role:master")
}

// cluster is one of three masters and three replicas.
type cluster struct {
	t       *testing.T
	servers []*matchqtest.Server
	clients []*redis.Client
	ids     []string
	env     *matchqtest.Env
	slot    int
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c, ctx := &cluster{t: t}, t.Context()
	var addrs []string
	for i := range 6 {
		server := matchqtest.Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0",
			"--repl-diskless-sync-delay", "0")
		rdb := server.Client(t)
		c.servers, c.clients = append(c.servers, server), append(c.clients, rdb)
		c.ids, addrs = append(c.ids, rdb.Do(ctx, "CLUSTER", "MYID").Val().(string)), append(addrs, server.Addr)
		if i < 3 {
			if err := rdb.ClusterAddSlotsRange(ctx, 16384*i/3, 16384*(i+1)/3-1).Err(); err != nil {
				t.Fatal(err)
			}
		}
		host, port, err := net.SplitHostPort(addrs[0])
		if err == nil {
			err = rdb.ClusterMeet(ctx, host, port).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 3; i < 6; i++ {
		matchqtest.Eventually(t, "the replica knows its master", func() bool { return c.clients[i].ClusterReplicate(ctx, c.ids[i-3]).Err() == nil })
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	c.env = &matchqtest.Env{Client: client, Namespace: "faults", URL: "redis+cluster://" + strings.Join(addrs, ",")}
	c.slot = int(c.clients[0].ClusterKeySlot(ctx, "{faults}").Val())
	c.settle()
	return c
}

// owner returns which node has the namespace's slot, and its replicas, as that node says.
func (c *cluster) owner() (owner int, replicas []int) {
	ctx := context.Background()
	for i, rdb := range c.clients {
		shards, err := rdb.ClusterShards(ctx).Result()
		if err != nil {
			continue
		}
		for _, shard := range shards {
			if !slices.ContainsFunc(shard.Slots, func(r redis.SlotRange) bool { return r.Start <= int64(c.slot) && int64(c.slot) <= r.End }) {
				continue
			}
			owns := false
			replicas = nil
			for _, n := range shard.Nodes {
				if n.Role == "master" {
					owns = n.ID == c.ids[i]
				} else if at := slices.Index(c.ids, n.ID); at >= 0 {
					replicas = append(replicas, at)
				}
			}
			if owns {
				return i, replicas
			}
		}
	}
	return -1, nil
}

// settle waits until all nodes see a whole cluster, in which the namespace's slot has a replica in step.
func (c *cluster) settle() {
	patiently(c.t, "the cluster is whole", func() bool {
		for _, rdb := range c.clients {
			info, err := rdb.ClusterInfo(context.Background()).Result()
			if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:6") {
				return false
			}
		}
		owner, replicas := c.owner()
		return owner >= 0 && len(replicas) > 0 &&
			strings.Contains(c.clients[owner].Info(context.Background(), "replication").Val(), "state=online")
	})
}

// failOver has a replica of the slot's owner take over, by asking for it or by killing the owner.
func (c *cluster) failOver(kill bool) {
	owner, replicas := c.owner()
	if kill {
		c.servers[owner].Kill()
	} else if err := c.clients[replicas[0]].ClusterFailover(context.Background()).Err(); err != nil {
		c.t.Errorf("ask for a failover: %v", err)
	}
	patiently(c.t, "a replica takes over", func() bool {
		now, _ := c.owner()
		return now >= 0 && now != owner
	})
	if kill {
		c.servers[owner].Restart()
	}
}

// migrate moves the namespace's slot to another master. Half of the keys stay behind for a while.
func (c *cluster) migrate(ctx context.Context) error {
	from, _ := c.owner()
	var others []int
	for i, rdb := range c.clients {
		if i != from && isMaster(rdb) {
			others = append(others, i)
		}
	}
	to := others[rand.IntN(len(others))]
	setSlot := func(node int, how string, id ...any) error {
		return c.clients[node].Do(ctx, append([]any{"CLUSTER", "SETSLOT", c.slot, how}, id...)...).Err()
	}
	if err := setSlot(to, "IMPORTING", c.ids[from]); err != nil {
		return err
	}
	if err := setSlot(from, "MIGRATING", c.ids[to]); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.servers[to].Addr)
	if err != nil {
		return err
	}
	for moved := 0; ; {
		keys, err := c.clients[from].ClusterGetKeysInSlot(ctx, c.slot, 5).Result()
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
		for _, key := range keys {
			args = append(args, key)
		}
		if err := c.clients[from].Do(ctx, args...).Err(); err != nil {
			return err
		}
		if moved++; moved == 2 {
			time.Sleep(500 * time.Millisecond) // half-way, as large keys and slow networks make it
		}
	}
	for _, node := range append([]int{to, from}, others...) {
		if err := setSlot(node, "NODE", c.ids[to]); err != nil {
			return err
		}
	}
	return nil
}
