package history_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
)

// Nodes record samples of the namespace's state a few times a minute; charts read them.
func Example() {
	ctx := context.Background()
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true}), matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for _, player := range []string{"alice", "bob", "carol"} {
		if _, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: player}); err != nil {
			log.Fatal(err)
		}
	}
	h := history.New(m)
	record := func() history.Recorded {
		recorded, err := h.Record(ctx, history.Sample{Node: "node-1", Start: time.Now(), Payload: "all is well"})
		if err != nil {
			log.Fatal(err)
		}
		return recorded
	}
	record()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	now := record().Now
	minutes, err := h.Minutes(ctx, now.Add(-history.Kept), now) // all that is kept: 25 hours
	if err != nil {
		log.Fatal(err)
	}
	last := minutes[len(minutes)-1]
	fmt.Println(last.Last.Enqueued, "queued so far,", last.Last.Matched, "matched;", last.Payloads["node-1"])

	// Output:
	// 3 queued so far, 2 matched; all is well
}
