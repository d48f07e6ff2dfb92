package matchq_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
)

// With a ready check a match is made when all players have accepted it. Here bob declines, so alice waits again, ahead
// of carol, and gets a new proposal.
func ExampleMatcher_Accept() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	m, _, end := exampleMatcher(matchq.Config{ReadyTimeout: 20 * time.Second}, "alice", "bob", "carol")
	defer end()
	tick := func() { // Run usually does this, at the end of each window
		if _, err := m.Tick(ctx, "history"); err != nil {
			log.Fatal(err)
		}
	}
	tick()

	for event, err := range m.Watch(ctx, matchq.FromOldest) {
		if err != nil {
			log.Print(err) // Redis is away, say: Watch goes on when it is back
			continue
		}
		switch event.Kind {
		case matchq.Proposed:
			players := event.Match.Players()
			fmt.Println("proposed:", strings.Join(players, " and "))
			for _, player := range players {
				if player == "bob" {
					err = m.Decline(ctx, event.MatchID, player)
				} else {
					_, err = m.Accept(ctx, event.MatchID, player)
				}
				if err != nil {
					log.Fatal(err)
				}
			}
		case matchq.Restored:
			fmt.Println("waits again:", event.Ticket.Player)
			tick()
		case matchq.Cancelled:
			fmt.Println("is out:", event.Ticket.Player, event.Reason)
		default:
			fmt.Println("matched:", strings.Join(event.Match.Players(), " and "))
			return
		}
	}
	// Output:
	// proposed: alice and bob
	// waits again: alice
	// is out: bob declined
	// proposed: alice and carol
	// matched: alice and carol
}

// Two friends want to play each other: they leave their queues in one step, unless one was just matched.
func ExampleMatcher_Withdraw() {
	ctx := context.Background()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	stats, err := m.Stats(ctx) // its At is by Redis's clock, as the times of matches are
	if err != nil {
		log.Fatal(err)
	}
	invited := stats.At // keep it with the invitation
	if err := m.Withdraw(ctx, "plays with a friend", invited, "alice", "dave"); err != nil {
		log.Fatal(err)
	}
	ticket, err := m.Ticket(ctx, tickets[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ticket.Player, ticket.State, ticket.Reason)
	// Output:
	// alice cancelled plays with a friend
}
