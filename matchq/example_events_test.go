package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Watch yields the events of all tickets. A program that stores the last event's ID can continue after it.
func ExampleMatcher_Watch() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	if err := m.Cancel(ctx, tickets[1].ID, ""); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}

	last := matchq.FromOldest
	for event, err := range m.Watch(ctx, last) {
		if errors.Is(err, matchq.ErrGap) {
			log.Fatal(err) // events are missing: look all tickets up, and watch on from the m.Position before that
		} else if err != nil {
			log.Print(err) // Redis is away, say: Watch goes on when it is back
			continue
		}
		fmt.Println(event.Kind, event.Tickets()[0].Player)
		last = event.ID
		break // say, this process is restarted
	}
	for event, err := range m.Watch(ctx, last) {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Println(event.Kind, strings.Join(event.Match.Players(), " and "))
		break
	}
	// Output:
	// cancelled bob
	// matched alice and carol
}

// Run makes matches until its context ends, on any number of nodes.
func ExampleMatcher_Run() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	cfg := matchq.Config{
		Interval: 50 * time.Millisecond,
		Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) {
			fmt.Printf("%s: %d match, %d left\n", r.Queue, r.Matches, r.Left)
			stop()
		}},
	}
	rdb, end := exampleClient()
	defer end()
	m, err := matchq.New(rdb, cfg)
	if err != nil {
		log.Fatal(err)
	}
	_, err = m.EnqueueAll(ctx, []matchq.Request{
		{Queue: "history", Player: "alice"}, {Queue: "history", Player: "bob"}, {Queue: "history", Player: "carol"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: history: 1 match, 1 left
}

// A paused queue refuses players and makes no matches. Drain cancels all waiting tickets.
func ExampleMatcher_Pause() {
	ctx := context.Background()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if err := m.Pause(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	_, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "carol"})
	fmt.Println("carol is refused:", errors.Is(err, matchq.ErrPaused))

	cancelled, err := m.Drain(ctx, "history")
	if err != nil {
		log.Fatal(err)
	}
	alice, err := m.Ticket(ctx, tickets[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d cancelled; alice's ticket is %s: %s\n", cancelled, alice.State, alice.Reason)

	if err := m.Resume(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	_, err = m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "carol"})
	fmt.Println("carol waits:", err == nil)
	// Output:
	// carol is refused: true
	// 2 cancelled; alice's ticket is cancelled: drained
	// carol waits: true
}

// A custom policy runs inside Redis. This one matches the best with the best.
func ExampleLuaPolicy() {
	ctx := context.Background()
	best := matchq.LuaPolicy("best", `
		return function(tickets, size)
		  local order = {}
		  local line = matchq.sorted(tickets, function(ticket) return -(ticket.rating or 0) end)
		  for i = 1, #line - #line % size do order[i] = line[i].position end
		  return order
		end`)
	m, _, end := exampleMatcher(matchq.Config{Policy: best})
	defer end()
	_, err := m.EnqueueAll(ctx, []matchq.Request{
		{Queue: "chess", Player: "alice", Rating: new(2100.0)},
		{Queue: "chess", Player: "bob", Rating: new(900.0)},
		{Queue: "chess", Player: "carol", Rating: new(2000.0)},
		{Queue: "chess", Player: "dave", Rating: new(1000.0)},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Tick(ctx, "chess"); err != nil {
		log.Fatal(err)
	}
	for _, player := range []string{"alice", "bob"} {
		ticket, err := m.TicketOf(ctx, player)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ticket.Match.Players())
	}
	// Output:
	// [alice carol]
	// [dave bob]
}

// Audit checks in one step that no ticket is lost and none is counted twice.
func ExampleMatcher_Audit() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	audit, err := m.Audit(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d enqueued = %d waiting + %d matched; all is well: %t\n",
		audit.Enqueued, audit.Waiting, audit.Matched, audit.OK())
	// Output: 3 enqueued = 1 waiting + 2 matched; all is well: true
}
