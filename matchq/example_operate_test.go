package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq"
)

// A process sees at its start whether it can work, before it takes players.
func ExampleMatcher_Check() {
	ctx := context.Background()
	rdb, end := exampleClient()
	defer end()
	cfg := matchq.Config{Namespace: "chess", Interval: time.Second}
	if err := cfg.Validate(); err != nil { // flags and files of yours, say; New says the same
		log.Fatal(err)
	}
	m, err := matchq.New(rdb, cfg)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("all keys begin with", m.HashTag())
	fmt.Println("the user of Redis may do all that is needed:", m.CheckRights(ctx) == nil)
	switch err := m.Check(ctx); {
	case errors.Is(err, matchq.ErrRefused):
		fmt.Println("Redis refuses:", err)
	case errors.Is(err, matchq.ErrUnavailable):
		fmt.Println("Redis is away:", err)
	default:
		fmt.Println("ready:", err == nil)
	}
	other, err := matchq.New(rdb, matchq.Config{Namespace: "chess", Retention: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Enqueue(ctx, matchq.Request{Queue: "blitz", Player: "alice"}); err != nil {
		log.Fatal(err)
	}
	_, mixed := errors.AsType[*matchq.ConfigError](other.Check(ctx))
	fmt.Println("a process with another retention is refused:", mixed)
	// Output:
	// all keys begin with {chess}
	// the user of Redis may do all that is needed: true
	// ready: true
	// a process with another retention is refused: true
}

// An operator looks at the queues, and at the head of a line.
func ExampleMatcher_Queues() {
	ctx := context.Background()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	queues, err := m.Queues(ctx) // QueuesOf is for some of them
	if err != nil {
		log.Fatal(err)
	}
	for _, q := range queues {
		fmt.Println(q.Name, q.Waiting, q.Overdue > time.Second)
	}
	line, err := m.Line(ctx, "history", 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range line {
		fmt.Println(t.Player, t.State)
	}
	empty, err := m.QueuesOf(ctx, "science")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(empty[0].Name, empty[0].Waiting)
	states, err := m.States(ctx, tickets[0].ID, "unknown") // for Config.OnLoss: which tickets are left
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(states[0], states[1] == "")
	audit, err := m.AuditDeep(ctx) // while nobody calls
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(audit.OK(), audit.Problems)
	// Output:
	// history 3 false
	// alice waiting
	// bob waiting
	// science 0
	// waiting true
	// true []
}

// Hooks count and time the work of this process, by whatever you have. Package metrics does it for Prometheus.
func ExampleMatcher_AddHooks() {
	m, _, end := exampleMatcher(matchq.Config{})
	defer end()
	slow, refused := map[string]time.Duration{}, 0
	remove := m.AddHooks(matchq.Hooks{
		Called: func(r matchq.CallReport) { // on the goroutine that does the work: no more than this
			slow[r.Script] = max(slow[r.Script], r.Took)
		},
		Enqueued: func(r matchq.EnqueueReport) {
			if r.Err != nil {
				refused++
			}
		},
	})
	for range 2 {
		_, err := m.Enqueue(context.Background(), matchq.Request{Queue: "history", Player: "alice"})
		_, again := errors.AsType[*matchq.DuplicateError](err)
		fmt.Println("again:", again)
	}
	remove()
	fmt.Println(slow["match/enqueue"] > 0, refused)
	// Output:
	// again: false
	// again: true
	// true 1
}

// A policy of your own fails. FIFO makes the match, and the report says why: log it.
func ExamplePolicyError() {
	ctx := context.Background()
	faulty := matchq.LuaPolicy("faulty", "return function(tickets)\n  return {tickets[7].position}\nend")
	m, _, end := exampleMatcher(matchq.Config{Policy: faulty}, "alice", "bob")
	defer end()
	report, err := m.Tick(ctx, "history")
	if failed, ok := errors.AsType[*matchq.PolicyError](err); ok {
		fmt.Printf("%s, line %d; %d match by FIFO: %v\n", failed.Policy, failed.Line, report.Matches, report.Fallback)
	}
	// Output: faulty, line 2; 1 match by FIFO: true
}

// A worker says itself when to come back, and sees when it has lost an event.
func ExampleRetryError() {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	err := m.Consume(ctx, matchq.ConsumeOptions{Group: "rooms"}, func(ctx context.Context, event matchq.Event) error {
		if event.Delivery == 1 {
			return &matchq.RetryError{After: 10 * time.Millisecond, Err: errors.New("the region is full")}
		}
		if errors.Is(context.Cause(ctx), matchq.ErrLeaseLost) {
			return ctx.Err() // another worker has the event by now: stop
		}
		fmt.Println("a room for", event.Match.Players(), "at delivery", event.Delivery)
		stop()
		return nil
	})
	fmt.Println(err)
	// Output:
	// a room for [alice bob] at delivery 2
	// <nil>
}

// All matches and ends are stored by one worker at a time, many in one statement.
func ExampleMatcher_ConsumeTogether() {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	m, tickets, end := exampleMatcher(matchq.Config{}, "alice", "bob", "carol")
	defer end()
	if err := m.Cancel(ctx, tickets[0].ID, "tired"); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	err := m.ConsumeTogether(ctx, "statistics", "worker-1", time.Minute, func(_ context.Context, events []matchq.Event) error {
		for _, event := range events { // INSERT … ON CONFLICT DO NOTHING, by event.ID: they may come again
			fmt.Println(event.Kind, event.Tickets()[0].Player)
		}
		stop()
		return nil
	})
	fmt.Println(err)
	// Output:
	// cancelled alice
	// matched bob
	// <nil>
}

// A page shows the events from here on. Nothing between the position and Watch is missed.
func ExampleMatcher_Position() {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	from, err := m.Position(ctx)
	if err != nil {
		from = matchq.FromNow // Redis is away: go on when it is back
	}
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	for event, err := range m.Watch(ctx, from) {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Println(event.Kind)
		break
	}
	// Output: matched
}

// It is too late to cancel.
func ExampleMatcher_Cancel_expired() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{})
	defer end()
	alice, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice", TTL: time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	for alice.State == matchq.Waiting { // Run usually ticks
		if _, err = m.Tick(ctx, "history"); err != nil {
			log.Fatal(err)
		}
		if alice, err = m.Ticket(ctx, alice.ID); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(errors.Is(m.Cancel(ctx, alice.ID, ""), matchq.ErrExpired))
	// Output: true
}
