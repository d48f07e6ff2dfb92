package matchq_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestGuarantee8NamespacesSpreadOverACluster uses a cluster of three nodes: namespaces are on different ones.
func TestGuarantee8NamespacesSpreadOverACluster(t *testing.T) {
	t.Parallel()
	client := startCluster(t, 3)
	homes := map[string]bool{}
	for i := range 12 {
		m, err := matchq.New(client, matchq.Config{Namespace: fmt.Sprintf("game-%d", i), Limit: 32, Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		enqueueMany(t, m, "history", 101)
		report, err := m.Tick(t.Context(), "history")
		if err != nil || report.Matches != 50 {
			t.Fatalf("namespace %d: %+v, %v", i, report, err)
		}
		checkAudit(t, m)
		home, err := client.MasterForKey(t.Context(), fmt.Sprintf("{game-%d}", i))
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(home.Options().Addr) // a node may not know its host yet, and name the port alone
		if err != nil {
			t.Fatal(err)
		}
		homes[port] = true
	}
	if len(homes) != 3 {
		t.Errorf("twelve namespaces live on %d of three nodes", len(homes))
	}
}

// startCluster starts a cluster without replicas and returns a client for it.
func startCluster(t *testing.T, nodes int) *redis.ClusterClient {
	t.Helper()
	ctx := context.Background()
	var addrs []string
	for i := range nodes {
		server := matchqtest.Start(t, "--cluster-enabled", "yes")
		addrs = append(addrs, server.Addr)
		client := server.Client(t)
		if err := client.ClusterAddSlotsRange(ctx, 16384*i/nodes, 16384*(i+1)/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		host, port, err := net.SplitHostPort(addrs[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := client.ClusterMeet(ctx, host, port).Err(); err != nil {
			t.Fatal(err)
		}
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	matchqtest.Eventually(t, "all nodes serve all slots", func() bool {
		err := client.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			info, err := node.ClusterInfo(ctx).Result()
			if err == nil && !(strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", nodes))) {
				err = fmt.Errorf("not yet: %s", info)
			}
			return err
		})
		return err == nil && client.Set(ctx, "ready", 1, 0).Err() == nil
	})
	return client
}
