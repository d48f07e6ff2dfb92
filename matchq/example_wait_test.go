package matchq_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq"
)

// A request waits for its player's match. Thousands may wait so: they share one reader of events.
func ExampleMatcher_Wait() {
	m, tickets, end := exampleMatcher(matchq.Config{Interval: 50 * time.Millisecond}, "alice", "bob")
	defer end()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }() // here or in another process
	alice, err := m.Wait(ctx, tickets[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.State, alice.Match.Players())

	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output:
	// matched [alice bob]
}
