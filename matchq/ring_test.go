package matchq_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// A Ring spreads namespaces over servers that know nothing of each other. Each namespace works on its own one.
func TestNamespacesOnARing(t *testing.T) {
	addrs := map[string]string{}
	var servers []*miniredis.Miniredis
	for i := range 2 {
		servers = append(servers, miniredis.RunT(t))
		addrs[fmt.Sprint("shard", i)] = servers[i].Addr()
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = ring.Close() }) // after the workers
	for i := range 8 {
		m, err := matchq.New(ring, matchq.Config{Namespace: fmt.Sprint("mode", i), Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		var all deliveries
		work(t, m, quick("rooms"), func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
		enqueue(t, m, "history", "alice")
		enqueue(t, m, "history", "bob")
		tick(t, m, "history")
		if ev := take(t, m, matchq.FromOldest, 1)[0]; ev.Kind != matchq.Matched {
			t.Errorf("event: %+v", ev)
		}
		matchqtest.Eventually(t, "the match is handled", func() bool { return groupOf(t, m, "rooms").Done == 1 })
		checkAudit(t, m)
	}
	for i, server := range servers {
		if len(server.Keys()) == 0 {
			t.Errorf("shard %d has no namespace", i)
		}
	}
}
