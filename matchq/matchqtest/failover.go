package matchqtest

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Snapshot keeps a replica of the server as it is now. failover has the server hold that again, as after a failover to
// a replica that lagged: connections stay, and reads go on without an error. Writes are refused for some milliseconds.
func (s *Server) Snapshot(t testing.TB) (failover func()) {
	t.Helper()
	return s.SnapshotOn(t, Start(t, "--repl-diskless-sync-delay", "0"))
}

// SnapshotOn is Snapshot on another server, whose own data go. A test of many snapshots needs only one replica.
func (s *Server) SnapshotOn(t testing.TB, replica *Server) (failover func()) {
	t.Helper()
	follow(t, replica, s)
	promote(t, replica)
	return func() {
		t.Helper()
		follow(t, s, replica)
		promote(t, s)
	}
}

// follow makes a server a replica of another one, and waits until it holds the same data.
func follow(t testing.TB, replica, of *Server) {
	t.Helper()
	ctx := context.Background()
	host, port, err := net.SplitHostPort(of.Addr)
	if err != nil {
		t.Fatal(err)
	}
	client, master := redis.NewClient(options(replica.Addr)), redis.NewClient(options(of.Addr))
	defer func() { _, _ = client.Close(), master.Close() }()
	_ = master.ConfigSet(ctx, "repl-diskless-sync-delay", "0").Err() // else it waits for other replicas
	// A link that goes on where it broke is up before what happened since has come over it.
	end := offset(t, master, "master_repl_offset")
	if err := client.ReplicaOf(ctx, host, port).Err(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the replica is in step", func() bool {
		up := strings.Contains(client.Info(ctx, "replication").Val(), "master_link_status:up")
		return up && offset(t, client, "slave_repl_offset") >= end
	})
}

// offset reads a number of INFO replication.
func offset(t testing.TB, client *redis.Client, field string) int64 {
	t.Helper()
	for line := range strings.Lines(client.Info(context.Background(), "replication").Val()) {
		if text, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("INFO replication has no %s", field)
	return 0
}

func promote(t testing.TB, replica *Server) {
	t.Helper()
	client := redis.NewClient(options(replica.Addr))
	defer func() { _ = client.Close() }()
	if err := client.ReplicaOf(context.Background(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
}
