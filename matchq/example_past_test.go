package matchq_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq"
)

// What has happened to one ticket, and which matches were made last.
func ExampleMatcher_Past() {
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
		past, err := m.Past(ctx, &ticket)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(ticket.Player, ":")
		for _, event := range past {
			fmt.Print(" ", event.Kind)
		}
		fmt.Println()
	}
	latest, err := m.Latest(ctx, 10)
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

// Nodes note where the namespace stands a few times a minute; whoever draws charts reads it.
func ExampleMatcher_NoteMinute() {
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	ctx := context.Background()
	note := func() matchq.Noted {
		noted, err := m.NoteMinute(ctx, matchq.Note{Node: "node-1", Start: time.Now(), Words: "all is well"})
		if err != nil {
			log.Fatal(err)
		}
		return noted
	}
	note()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	now := note().Now
	minutes, err := m.Minutes(ctx, now.Add(-time.Hour), now)
	if err != nil {
		log.Fatal(err)
	}
	last := minutes[len(minutes)-1]
	fmt.Println(last.Last.Enqueued, "queued so far,", last.Last.Matched, "matched;", last.Words["node-1"])

	// Output:
	// 3 queued so far, 2 matched; all is well
}
