// Package history keeps a day of minutes for charts: the totals of a namespace, a payload of each node, and the busiest queues.
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//		"time"
//
//		"github.com/redis/go-redis/v9"
//
//		"github.com/matchq/matchq/matchq"
//		"github.com/matchq/matchq/matchq/history"
//	)
//
//	func main() {
//		ctx := context.Background()
//		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//		m, err := matchq.New(rdb, matchq.Config{})
//		if err != nil {
//			log.Fatal(err)
//		}
//		h := history.New(m)
//
//		// Each node does this a few times a minute.
//		recorded, err := h.Record(ctx, history.Sample{Node: "node-1", Start: time.Now(), Payload: "3 connections"})
//		if err != nil {
//			log.Fatal(err)
//		}
//		// Charts read this.
//		minutes, err := h.Minutes(ctx, recorded.Now.Add(-time.Hour), recorded.Now)
//		if err != nil {
//			log.Fatal(err)
//		}
//		for _, minute := range minutes {
//			fmt.Println(minute.Start, minute.Last.Matches-minute.First.Matches, "matches", minute.Payloads)
//		}
//	}
//
// # Samples
//
// Record adds a sample to a minute of Redis's clock: the totals as they are now, and the node's payload, a text of
// up to 16 KiB in your words. A minute keeps the totals of its first sample and of its last, the most tickets that
// waited, and the last payload of each node. Take Recorded.Now, rather than the node's clock, to find out which minute it
// is; a minute that is neither the current one nor the one before takes no sample (Recorded.Taken is false).
//
// The longest wait costs a look at all queues, so nodes share that: measure it, and set Sample.Measured, only if
// Recorded.MeasuredAgo of your last sample says that no node has done so for a while.
//
// # Queues
//
// RecordQueues adds samples of single queues to a minute, at most MaxQueues in all, so that memory is bounded however many
// queues live: a full minute takes 6 kB of Redis, or 29 kB where names have 128 bytes
// (go test -run '^$' -bench QueuesOfAMinute ./matchq/history), so 25 hours of them take 9 MB, or 43. QueueMinutes reads those
// of one queue.
//
// Minutes are kept for 25 hours (Kept). All calls are safe to repeat.
package history
