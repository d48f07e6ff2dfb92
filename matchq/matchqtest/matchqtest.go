// Package matchqtest runs tests on the Redis servers that matchq works on: the embedded one, a real one, and a real one
// in cluster mode. It starts them itself and ends them with the test. README.md beside it shows how to test a game.
package matchqtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/xid"
)

// Env is a server to test on.
type Env struct {
	Client    redis.UniversalClient
	URL       string               // for programs; empty for a cluster
	Namespace string               // different for each test
	Embedded  *miniredis.Miniredis // nil unless the server is embedded
	Server    *Server              // of the test's own, from Real; else nil
}

// Run runs a test as the subtests "embedded", "redis" and "cluster". All tests of a process share the last two servers,
// each in a namespace of its own: a test that ends, freezes or empties its server needs Real.
//
// Without redis-server on the PATH the last two are skipped, or fail if MATCHQ_REQUIRE_REDIS is 1.
func Run(t *testing.T, test func(t *testing.T, env *Env)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, Embedded(t)) })
	t.Run("redis", func(t *testing.T) { test(t, Shared(t)) })
	t.Run("cluster", func(t *testing.T) { test(t, Cluster(t)) })
}

// Embedded starts a miniredis.
func Embedded(t testing.TB) *Env {
	t.Helper()
	server := miniredis.RunT(t)
	client := redis.NewClient(options(server.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	return &Env{Client: client, URL: "redis://" + server.Addr(), Namespace: namespace(), Embedded: server}
}

// Shared is the redis-server of all tests of this process. It starts with the first of them.
func Shared(t testing.TB) *Env {
	t.Helper()
	needServer(t)
	shared.Do(func() { shared.server = launch(t, "--save", "", "--appendonly", "no") })
	return &Env{Client: shared.server.Client(t), URL: "redis://" + shared.server.Addr, Namespace: namespace()}
}

// Real starts a redis-server of the test's own.
func Real(t testing.TB) *Env {
	t.Helper()
	server := Start(t)
	return &Env{Client: server.Client(t), URL: "redis://" + server.Addr, Namespace: namespace(), Server: server}
}

// Cluster is a redis-server in cluster mode that owns all slots: it refuses scripts whose keys are not in one. All tests
// of this process share it, since a cluster takes two seconds to start.
func Cluster(t testing.TB) *Env {
	t.Helper()
	needServer(t)
	cluster.Do(func() { cluster.server = startCluster(t) })
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{cluster.server.Addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return &Env{Client: client, Namespace: namespace()}
}

// shared and cluster end with the process.
var shared, cluster struct {
	sync.Once
	server *Server
}

func startCluster(t testing.TB) *Server {
	t.Helper()
	server := launch(t, "--save", "", "--cluster-enabled", "yes")
	client := redis.NewClient(options(server.Addr))
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	if err := client.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		t.Fatalf("give slots to the cluster: %v", err)
	}
	Eventually(t, "the cluster works", func() bool { return client.Set(ctx, "ready", 1, 0).Err() == nil })
	return server
}

func options(addr string) *redis.Options {
	return &redis.Options{Addr: addr, ContextTimeoutEnabled: true}
}

func namespace() string { return "test-" + xid.New().String() }

// Patience is how long Eventually and Next wait. A test that passes does not wait that long, and a machine with other work
// to do may need it.
const Patience = 30 * time.Second

// Eventually waits until a condition holds, for at most Patience.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after %v: %s", Patience, what)
		}
	}
}
