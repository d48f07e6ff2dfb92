package e2e_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// The cost of a ticket where 64 clients ask at the same time, with the default rate limits: round trips to Redis, which
// are shared with others, and allocations, those of the driver and of net/http included. Unlike times, that is much the
// same everywhere.
func TestCostOfARequest(t *testing.T) {
	rdb := matchqtest.Start(t).Client(t)
	clients := newCrowd(t, startServer(t, rdb))
	clients.enqueue(crowdSize) // makes the scripts known
	const tickets, mostTrips, mostAllocations = 4000, 0.5, 170
	var before, after runtime.MemStats
	trips := -readsOf(t, rdb)
	runtime.ReadMemStats(&before)
	clients.enqueue(tickets)
	runtime.ReadMemStats(&after)
	trips += readsOf(t, rdb)
	allocations := float64(after.Mallocs-before.Mallocs) / tickets
	t.Logf("%.2f round trips, %.0f allocations", float64(trips)/tickets, allocations)
	if got := float64(trips) / tickets; got > mostTrips {
		t.Errorf("%.2f round trips a ticket, want at most %v", got, mostTrips)
	}
	if allocations > mostAllocations {
		t.Errorf("%.0f allocations a ticket, want at most %d", allocations, mostAllocations)
	}
}

// readsOf is how often a redis-server has read from its clients.
func readsOf(t *testing.T, rdb *redis.Client) int {
	t.Helper()
	text, err := rdb.Info(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "total_reads_processed:")
	line, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
