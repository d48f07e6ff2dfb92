package matchq_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// exampleClient connects to a Redis inside this process; a real one needs only its address.
func exampleClient() (rdb *redis.Client, end func()) {
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		log.Fatal(err)
	}
	rdb = redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	return rdb, func() { _ = rdb.Close(); embedded.Close() }
}

// exampleMatcher returns a Matcher with some players in the queue "history".
func exampleMatcher(cfg matchq.Config, players ...string) (m *matchq.Matcher, tickets []matchq.Ticket, end func()) {
	rdb, end := exampleClient()
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second) // a busy machine computes slower than Redis
	m, err := matchq.New(rdb, cfg)
	if err != nil {
		log.Fatal(err)
	}
	for _, player := range players {
		ticket, err := m.Enqueue(context.Background(), matchq.Request{Queue: "history", Player: player})
		if err != nil {
			log.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	return m, tickets, end
}

// Two players queue up and are matched.
func Example() {
	ctx := context.Background()
	rdb, end := exampleClient()
	defer end()
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	alice, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "bob"}); err != nil {
		log.Fatal(err)
	}

	// Run usually does this, at the end of each window.
	report, err := m.Tick(ctx, "history")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("matches:", report.Matches)

	alice, err = m.Ticket(ctx, alice.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.State, alice.Match.Players())
	// Output:
	// matches: 1
	// matched [alice bob]
}

// A player has one live ticket. The error of a second request holds the first ticket.
func ExampleMatcher_Enqueue() {
	m, _, end := exampleMatcher(matchq.Config{}, "alice")
	defer end()
	_, err := m.Enqueue(context.Background(), matchq.Request{Queue: "science", Player: "alice"})
	if duplicate, ok := errors.AsType[*matchq.DuplicateError](err); ok {
		fmt.Println(duplicate.Ticket.Player, "waits already, for", duplicate.Ticket.Queue)
	}
	// Output: alice waits already, for history
}

// Many players in one call; each has its own result.
func ExampleMatcher_EnqueueAll() {
	m, _, end := exampleMatcher(matchq.Config{})
	defer end()
	results, err := m.EnqueueAll(context.Background(), []matchq.Request{
		{Queue: "history", Player: "alice"},
		{Queue: "history", Player: ""},
		{Queue: "science", Player: "bob"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			fmt.Println(r.Err)
			continue
		}
		fmt.Println(r.Ticket.Player, "waits for", r.Ticket.Queue)
	}
	// Output:
	// alice waits for history
	// matchq: player must not be empty
	// bob waits for science
}

// Cancelling has a definite answer: the ticket is cancelled, or it was matched before.
func ExampleMatcher_Cancel() {
	ctx := context.Background()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	fmt.Println("alice:", m.Cancel(ctx, tickets[0].ID, ""))
	fmt.Println("alice again:", m.Cancel(ctx, tickets[0].ID, ""))
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	var matched *matchq.MatchedError
	if err := m.Cancel(ctx, tickets[1].ID, ""); errors.As(err, &matched) {
		fmt.Println("bob plays already:", matched.Match.Players())
	}
	// Output:
	// alice: <nil>
	// alice again: <nil>
	// bob plays already: [bob carol]
}
