package matchq_test

import (
	"context"
	"fmt"
	"log"

	"github.com/matchq/matchq/matchq"
)

// A request waits for its player's match. Thousands may wait so: they share one reader of events.
func ExampleMatcher_Wait() {
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	ctx := context.Background()
	go func() {
		if _, err := m.Tick(ctx, "history"); err != nil { // Run usually does this
			log.Fatal(err)
		}
	}()
	alice, err := m.Wait(ctx, tickets[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.State, alice.Match.Players())

	// Output:
	// matched [alice bob]
}
