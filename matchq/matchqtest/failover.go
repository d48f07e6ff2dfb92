package matchqtest

import (
	"context"
	"net"
	"strings"
	"testing"
)

// Snapshot keeps a replica of the server as it is now. failover has the server hold that again, as after a failover to
// a replica that lagged: connections stay, and reads go on without an error. Writes are refused for some milliseconds.
func (s *Server) Snapshot(t testing.TB) (failover func()) {
	t.Helper()
	replica := Start(t, "--repl-diskless-sync-delay", "0")
	follow(t, replica, s)
	promote(t, replica)
	return func() {
		t.Helper()
		follow(t, s, replica)
		promote(t, s)
	}
}

// follow makes a server a replica of another one, and waits until it holds what that holds.
func follow(t testing.TB, replica, of *Server) {
	t.Helper()
	ctx := context.Background()
	host, port, err := net.SplitHostPort(of.Addr)
	if err != nil {
		t.Fatal(err)
	}
	client := replica.Client(t)
	_ = of.Client(t).ConfigSet(ctx, "repl-diskless-sync-delay", "0").Err() // else it waits for other replicas
	if err := client.ReplicaOf(ctx, host, port).Err(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the replica is in step", func() bool {
		return strings.Contains(client.Info(ctx, "replication").Val(), "master_link_status:up")
	})
}

func promote(t testing.TB, replica *Server) {
	t.Helper()
	if err := replica.Client(t).ReplicaOf(context.Background(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
}
