package matchq_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestGuarantee8GoesOnAfterASentinelFailover kills a matcher's master. The tickets that the replica has acknowledged
// are matched there, and the matcher reconnects by itself.
func TestGuarantee8GoesOnAfterASentinelFailover(t *testing.T) {
	t.Parallel()
	master := matchqtest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	matchqtest.Start(t, "--replicaof", host+" "+port)
	sentinel := startSentinel(t, host, port)
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "game", SentinelAddrs: []string{sentinel.Addr}, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })

	m := newMatcher(t, &matchqtest.Env{Client: client, Namespace: "game"}, matchq.Config{Limit: 32})
	matchqtest.Eventually(t, "the replica is in step", func() bool {
		return client.Wait(t.Context(), 1, time.Second).Val() == 1
	})
	tickets := enqueueMany(t, m, "history", 100)
	if synced := client.Wait(t.Context(), 1, matchqtest.Patience).Val(); synced != 1 {
		t.Fatalf("%d replicas have the tickets", synced)
	}
	master.Kill()
	must(t, sentinel.Client(t), "SENTINEL", "SET", "game", "down-after-milliseconds", "500")
	matchqtest.Eventually(t, "a replica took over", func() bool {
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "late"})
		var duplicate *matchq.DuplicateError // of an attempt whose answer was lost
		if err != nil && !errors.Is(err, matchq.ErrUnavailable) && !errors.Is(err, matchq.ErrRefused) && !errors.As(err, &duplicate) {
			t.Fatal(err)
		}
		return err == nil || errors.As(err, &duplicate)
	})
	report, err := m.Tick(t.Context(), "history")
	if err != nil || report.Matches != 50 {
		t.Errorf("tick: %+v, %v", report, err)
	}
	for _, ticket := range tickets {
		if got, err := m.Ticket(t.Context(), ticket.ID); err != nil || got.State != matchq.Matched {
			t.Errorf("ticket: %+v, %v", got, err)
		}
	}
	checkAudit(t, m)
}

// startSentinel starts a single sentinel. It takes no master that stalls for a dead one.
func startSentinel(t *testing.T, host, port string) *matchqtest.Server {
	t.Helper()
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf(`sentinel monitor game %s %s 1
sentinel down-after-milliseconds game 60000
sentinel failover-timeout game 3000
`, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return matchqtest.StartSentinel(t, config)
}
