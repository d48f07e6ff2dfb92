package matchq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq"
)

// A server is found for the match, and its players learn where.
func ExampleMatcher_Assign() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	for event, err := range m.Watch(ctx, matchq.FromOldest) {
		if err != nil {
			log.Print(err) // Redis is away, say: Watch goes on when it is back
			continue
		}
		if event.Kind == matchq.Matched {
			place := matchq.Assignment{Connection: "203.0.113.5:7777", Data: json.RawMessage(`{"map":"dust"}`)}
			if _, err := m.Assign(ctx, event.MatchID, place); err != nil {
				log.Fatal(err)
			}
			continue
		}
		fmt.Println(event.Kind, event.Match.Players(), event.Match.Assignment.Connection, string(event.Match.Assignment.Data))
		break
	}
	// Output:
	// assigned [alice bob] 203.0.113.5:7777 {"map":"dust"}
}

// There is no server for the match. Its players wait again, ahead of the others; bob has gone on meanwhile.
func ExampleMatcher_Release() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	old, err := m.TicketOf(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Enqueue(ctx, matchq.Request{Queue: "maths", Player: "bob"}); err != nil {
		log.Fatal(err)
	}
	match, results, err := m.Release(ctx, old.Match.ID, "no_server")
	if err != nil {
		log.Fatal(err)
	}
	if match.Released.Reason != matchq.ReasonReleased { // as it is where none was given
		fmt.Println("because of", match.Released.Reason)
	}
	for i, r := range results {
		if r.Err != nil {
			fmt.Println(match.Tickets[i].Player, "does not return:", r.Err.Error()[:39])
			continue
		}
		fmt.Println(r.Ticket.Player, r.Ticket.State, r.Ticket.EnqueuedAt.Equal(old.EnqueuedAt), r.Ticket.Predecessor == old.ID)
	}
	// Output:
	// because of no_server
	// alice waiting true true
	// bob does not return: matchq: player "bob" has a live ticket
}

// A player who waits in one namespace is moved to another, and keeps the time already waited.
func ExampleRequest_waitingSince() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{})
	defer end()
	t, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice", WaitingSince: time.Now().Add(-time.Hour)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Waited.Round(time.Hour), time.Until(t.ExpiresAt).Round(time.Minute))
	// Output:
	// 1h0m0s 1m0s
}
