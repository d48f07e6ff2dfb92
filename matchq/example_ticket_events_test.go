package matchq_test

import (
	"context"
	"fmt"
	"log"

	"github.com/matchq/matchq/matchq"
)

// The events of one ticket, and the newest matches.
func ExampleMatcher_TicketEvents() {
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	ctx := context.Background()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	for _, queued := range tickets {
		ticket, err := m.Ticket(ctx, queued.ID)
		if err != nil {
			log.Fatal(err)
		}
		past, err := m.TicketEvents(ctx, &ticket)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(ticket.Player, ":")
		for _, event := range past {
			fmt.Print(" ", event.Kind)
		}
		fmt.Println()
	}
	latest, err := m.RecentMatches(ctx, 10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("latest:", latest[0].Players())

	// Output:
	// alice: matched
	// bob: matched
	// carol:
	// latest: [alice bob]
}
