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

// A node records the busiest queues twice in a minute; a chart of one of them reads its last hour.
func ExampleHistory_RecordQueues() {
	ctx := context.Background()
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	now := time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC)
	server.SetTime(now) // by Redis's clock
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true}), matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	h := history.New(m)
	for _, busiest := range [][]history.QueueSample{
		{{Queue: "chess", Waiting: 7, LongestWait: 4 * time.Second, Matches: 20}, {Queue: "go", Waiting: 1}},
		{{Queue: "chess", Waiting: 3, LongestWait: time.Second, Matches: 25}},
	} {
		busiest = busiest[:min(len(busiest), history.MaxQueues)]
		taken, err := h.RecordQueues(ctx, now, busiest)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(taken, "of", len(busiest), "taken")
	}
	minutes, err := h.QueueMinutes(ctx, "chess", now.Add(-time.Hour), now)
	if err != nil {
		log.Fatal(err)
	}
	for _, minute := range minutes {
		printMinute(minute)
	}
	// Output:
	// 2 of 2 taken
	// 1 of 1 taken
	// 12:00: at most 7 waited, for up to 4s; 5 matches
}

func printMinute(minute history.QueueMinute) {
	at := minute.Start.UTC().Format("15:04")
	fmt.Printf("%s: at most %d waited, for up to %v; %d matches\n", at, minute.MostWaiting, minute.LongestWait, minute.Matches)
}
