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

// Consume hands each match to one worker of a group: here, to open a room. A failure is tried again after a second.
func ExampleMatcher_Consume() {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	options := matchq.ConsumeOptions{Group: "rooms", Backoff: []time.Duration{time.Second}}
	err := m.Consume(ctx, options, func(_ context.Context, event matchq.Event) error {
		if event.Delivery == 1 {
			return errors.New("no server is free")
		}
		fmt.Println("a room for", strings.Join(event.Match.Players(), " and "))
		stop()
		return nil
	})
	fmt.Println(err)
	// Output:
	// a room for alice and bob
	// <nil>
}

// An event that a group has given up on waits for an operator.
func ExampleMatcher_DeadLetters() {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	m, _, end := exampleMatcher(matchq.Config{}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	working, rest := context.WithCancel(ctx)
	err := m.Consume(working, matchq.ConsumeOptions{Group: "rooms"}, func(_ context.Context, event matchq.Event) error {
		rest()
		return fmt.Errorf("no such map: %w", matchq.ErrGiveUp)
	})
	if err != nil {
		log.Fatal(err)
	}
	letters, total, err := m.DeadLetters(ctx, "rooms", 0, 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, letter := range letters {
		fmt.Println(total, letter.Event.Match.Players(), letter.Reason)
	}
	again, err := m.RetryDeadLetters(ctx, "rooms", letters[0].Event.ID)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.RemoveDeadLetters(ctx, "rooms", letters[0].Event.ID); err != nil { // it is none any more: nothing happens
		log.Fatal(err)
	}
	groups, err := m.Groups(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(again), groups[0].Name, groups[0].Waiting, groups[0].DeadLetters)
	fmt.Println(m.DeleteGroup(ctx, "rooms"))
	// Output:
	// 1 [alice bob] no such map: matchq: give up
	// 1 rooms 1 0
	// <nil>
}
