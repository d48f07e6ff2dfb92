// Quickstart shows the library in one file: players queue up, Redis pairs them, Watch reports the matches.
// It has an embedded Redis, so nothing has to be installed.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	// A Redis inside this process. With a real one these lines are: rdb := redis.NewClient(&redis.Options{Addr: …})
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		return err
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()

	// Players gather for half a second; then the waiting ones are paired, longest waiting first.
	m, err := matchq.New(rdb, matchq.Config{Interval: 500 * time.Millisecond})
	if err != nil {
		return err
	}

	// Five players want to play the same quiz. Enqueue takes one; EnqueueAll takes many in one call.
	var requests []matchq.Request
	for _, player := range []string{"alice", "bob", "carol", "dave", "erin"} {
		requests = append(requests, matchq.Request{Queue: "history", Player: player})
	}
	results, err := m.EnqueueAll(ctx, requests)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
		fmt.Fprintf(out, "%s waits for %s\n", r.Ticket.Player, r.Ticket.Queue)
	}

	// Run makes the matches. Any number of processes may run it on one Redis.
	running, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- m.Run(running) }()

	// Watch yields the events of all tickets. It would never end; this program stops after two matches.
	seen := 0
	for event, err := range m.Watch(ctx, matchq.FromOldest) {
		if err != nil {
			fmt.Fprintln(out, "matchq:", err) // Redis is away, say: Watch goes on when it is back
			continue
		}
		if event.Kind != matchq.Matched {
			continue
		}
		players := event.Match.Players()
		fmt.Fprintf(out, "%s plays %s in %s\n", players[0], players[1], event.Match.Room)
		if seen++; seen == 2 {
			break
		}
	}
	stop()
	if err := <-stopped; err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("the time is up: %w", err)
	}

	queue, err := m.Queue(ctx, "history")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d player still waits\n", queue.Waiting)
	return nil
}
