package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
)

// Rules change while players wait. An operator's change is refused if another operator was faster.
func ExampleMatcher_SetRules() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cfg := matchq.Config{Rules: map[string]matchq.Rules{"*": {Interval: 2 * time.Second}}, By: "version 1.4"}
	m, _, end := exampleMatcher(cfg, "dave")
	defer end()

	version, _, err := m.AllRules(ctx) // as an operator sees them
	if err != nil {
		log.Fatal(err)
	}
	near := matchq.Rules{Rules: []rules.Rule{{Type: rules.Distance, Max: 100, Expand: rules.Expand{By: 10, Every: time.Second, To: 400}}}}
	if err := matchq.CheckPattern("chess*"); err != nil {
		log.Fatal(err)
	}
	if _, err = m.SetRules(ctx, "chess*", near, matchq.Edit{By: "ann", Version: version}); err != nil {
		log.Fatal(err)
	}
	_, err = m.SetRules(ctx, "chess*", matchq.Rules{}, matchq.Edit{By: "ben", Version: version})
	conflict, ok := errors.AsType[*matchq.RulesConflictError](err)
	fmt.Println("ben sees the rules again:", ok && conflict.Expected == version)

	// The rules with their authors, and the pattern that counts for a queue.
	_, all, err := m.AllRules(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var patterns []string
	for _, stored := range all {
		fmt.Println(stored.Pattern, stored.Source, stored.By)
		patterns = append(patterns, stored.Pattern)
	}
	fmt.Println("chess-blitz has those of", matchq.PatternOf("chess-blitz", patterns...))

	// They are taken back. All of it stands in the changes, and in events.
	if _, err := m.DeleteRules(ctx, "chess*", matchq.Edit{By: "ann"}); err != nil {
		log.Fatal(err)
	}
	stored, err := m.Rules(ctx, "chess-blitz")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("now those of", stored.Pattern, stored.Source == matchq.FromConfiguration, stored.Rules.Interval)
	changes, err := m.RulesChanges(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range changes {
		fmt.Println(change.By, "changed", change.Pattern, change.Deleted)
	}
	for event, err := range m.Watch(ctx, matchq.FromOldest) {
		if err != nil {
			log.Print(err)
		} else if event.Kind == matchq.RulesChanged && event.Rules.Source == matchq.FromOperator {
			fmt.Println("heard of", event.Rules.Pattern)
			break
		}
	}
	// Output:
	// ben sees the rules again: true
	// * configuration version 1.4
	// chess* operator ann
	// chess-blitz has those of chess*
	// now those of * true 2s
	// ann changed chess* true
	// ann changed chess* false
	// version 1.4 changed * false
	// heard of chess*
}

// A process starts with settings that an operator has overruled, and says so.
func ExampleMatcher_Overruled() {
	ctx := context.Background()
	rdb, end := exampleClient()
	defer end()
	first, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	stored, err := first.Rules(ctx, "history")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the defaults:", stored.Source == matchq.FromDefaults, stored.Rules.Interval)
	if _, err := first.SetRules(ctx, "*", matchq.Rules{Interval: time.Second}, matchq.Edit{By: "ann"}); err != nil {
		log.Fatal(err)
	}
	second, err := matchq.New(rdb, matchq.Config{Interval: 10 * time.Second, Policy: matchq.Random()}) // FIFO() would be first come, first served
	if err != nil {
		log.Fatal(err)
	}
	if _, err := second.Rules(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	for _, over := range second.Overruled() {
		fmt.Printf("%s: %q of this process does not count, but %s's\n", over.Pattern, over.Fields, over.InForce.By)
	}
	// Output:
	// the defaults: true 5s
	// *: "interval policy" of this process does not count, but ann's
}

// A player asks why there is no match yet.
func ExampleMatcher_Explain() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{Policy: matchq.FIFO()})
	defer end()
	near := matchq.Rules{Rules: []rules.Rule{{Type: rules.Distance, Max: 100, Expand: rules.Expand{By: 10, Every: time.Second, To: 400}}}}
	if _, err := m.SetRules(ctx, "chess", near, matchq.Edit{By: "ann"}); err != nil {
		log.Fatal(err)
	}
	results, err := m.EnqueueAll(ctx, []matchq.Request{
		{Queue: "chess", Player: "alice", Rating: new(1500.0)}, {Queue: "chess", Player: "bob", Rating: new(1700.0)},
	})
	if err != nil {
		log.Fatal(err)
	}
	why, err := m.Explain(ctx, results[0].Ticket.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(why.Permitted, "of", why.Others, "may meet alice now;", why.Rule, "keeps the nearest apart,", *why.Gap, "points away")
	fmt.Println("at the latest in", why.MeetIn.Round(time.Second))
	// Output:
	// 0 of 1 may meet alice now; rating keeps the nearest apart, 200 points away
	// at the latest in 10s
}
