package matchq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/matchq/matchq/matchq"
)

// status is a web service's answer for an error of Enqueue: the side at fault, and whether repeating helps.
func status(err error) (code int, text string) {
	if invalid, ok := errors.AsType[*matchq.InvalidError](err); ok {
		return http.StatusUnprocessableEntity, invalid.Field + " " + invalid.Problem
	}
	if duplicate, ok := errors.AsType[*matchq.DuplicateError](err); ok {
		return http.StatusConflict, "you wait already, for " + duplicate.Ticket.Queue
	}
	if taken, ok := errors.AsType[*matchq.IDTakenError](err); ok {
		return http.StatusConflict, "the id is another ticket's: " + taken.ID
	}
	if unknown, ok := errors.AsType[*matchq.UnknownError](err); ok {
		log.Print("void, should it have been written: ", unknown.TicketID) // also an ErrUnavailable
	}
	switch {
	case err == nil:
		return http.StatusCreated, "you wait"
	case errors.Is(err, matchq.ErrPaused):
		return http.StatusServiceUnavailable, "the queue is closed"
	case errors.Is(err, matchq.ErrOverloaded), errors.Is(err, matchq.ErrUnavailable), errors.Is(err, matchq.ErrRulesUnknown):
		return http.StatusServiceUnavailable, "try again in a second" // nothing was queued
	case errors.Is(err, matchq.ErrRefused):
		refused, _ := errors.AsType[*matchq.RefusedError](err)
		log.Printf("Redis refuses %s: %s", refused.Call, refused.Code) // it is full, say: a matter for operators
		return http.StatusServiceUnavailable, "we are working on it"
	default: // such as a *matchq.ConfigError: this process was started with settings that others don't have
		log.Print(err)
		return http.StatusInternalServerError, "our fault"
	}
}

// A web service tells a client what to do about an error.
func ExampleMatcher_Enqueue_errors() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{Timeout: 2 * time.Second}, "alice")
	if err := m.Pause(ctx, "closed"); err != nil {
		log.Fatal(err)
	}
	for _, r := range []matchq.Request{
		{Queue: "history", Player: "bob", ID: "1"}, {Queue: "history", Player: ""}, {Queue: "history", Player: "alice"},
		{Queue: "history", Player: "carol", ID: "1"}, {Queue: "closed", Player: "carol"},
	} {
		_, err := m.Enqueue(ctx, r)
		fmt.Println(status(err))
	}
	end() // now Redis is away
	_, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "carol"})
	fmt.Println(status(err))
	// Output:
	// 201 you wait
	// 422 player must not be empty
	// 409 you wait already, for history
	// 409 the id is another ticket's: 1
	// 503 the queue is closed
	// 503 try again in a second
}

// ended says to a player how a ticket ended.
func ended(t *matchq.Ticket) string {
	if t.State != matchq.Cancelled {
		return string(t.State)
	}
	switch t.Reason {
	case matchq.ReasonDeclined:
		return "you declined the match"
	case matchq.ReasonNoAnswer:
		return "you did not accept the match in time"
	case matchq.ReasonDisconnected:
		return "you were away for too long"
	case matchq.ReasonDrained:
		return "the queue was closed"
	case matchq.ReasonVoid:
		return "the request had no answer: ask again"
	default:
		return "you left" // t.Reason is that of your call of Cancel
	}
}

// A player leaves a queue by name. The ticket has no end, so nothing else ends it before it is matched.
func ExampleMatcher_CancelPlayer() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{})
	defer end()
	ticket, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice", TTL: matchq.Never})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ticket.State == matchq.Waiting, ticket.ExpiresAt.IsZero())
	if err := m.CancelPlayer(ctx, "alice"); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "bob"}); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Drain(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	results, err := m.TicketsOf(ctx, "alice", "bob", "carol") // in one call, without the reasons
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if errors.Is(r.Err, matchq.ErrNotFound) {
			fmt.Println("never waited, or ended long ago")
			continue
		}
		whole, err := m.Ticket(ctx, r.Ticket.ID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(whole.Player+":", ended(&whole))
	}
	// Output:
	// true true
	// alice: you left
	// bob: the queue was closed
	// never waited, or ended long ago
}

// A client's request is checked before it is used, by the rules that Enqueue has.
func ExampleCheckName() {
	var says struct {
		Player     string
		Attributes json.RawMessage
	}
	for _, text := range []string{
		`{"player":"alice","attributes":{"mode":"speed"}}`,
		`{"player":"","attributes":{}}`,
		`{"player":"bob","attributes":{"mode":"speed","mode":"slow"}}`,
	} {
		if err := json.Unmarshal([]byte(text), &says); err != nil {
			log.Fatal(err)
		}
		fmt.Println(errors.Join(
			matchq.CheckName("player", says.Player),
			matchq.CheckJSON("attributes", says.Attributes, matchq.MaxDepth),
		))
	}
	place := matchq.Assignment{Connection: ""}
	fmt.Println(place.Validate())
	fmt.Println("bytes of a name, an id, attributes and a connection:",
		matchq.MaxName, matchq.MaxID, matchq.MaxAttributes, matchq.MaxConnection)
	// Output:
	// <nil>
	// matchq: player must not be empty
	// matchq: attributes must be JSON: duplicate object member name "mode"
	// matchq: connection must be 1 to 1024 bytes, not 0
	// bytes of a name, an id, attributes and a connection: 128 64 4096 1024
}

// Each thing that a player can't do with a match any more has an error of its own.
func ExampleMatcher_Decline() {
	ctx := context.Background()
	m, _, end := exampleMatcher(matchq.Config{ReadyTimeout: time.Minute}, "alice", "bob")
	defer end()
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	alice, err := m.TicketOf(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	_, err = m.Assign(ctx, alice.Match.ID, matchq.Assignment{Connection: "203.0.113.5:7777"})
	fmt.Println("too early for a server:", errors.Is(err, matchq.ErrProposed))
	err = m.Withdraw(ctx, "plays with a friend", time.Time{}, "alice")
	busy, ok := errors.AsType[*matchq.BusyError](err)
	fmt.Println("begins something else:", ok && busy.Player == "alice")
	if err := m.Decline(ctx, alice.Match.ID, "bob"); err != nil {
		log.Fatal(err)
	}
	_, err = m.Accept(ctx, alice.Match.ID, "alice")
	fmt.Println("too late:", errors.Is(err, matchq.ErrReadyCheckFailed))
	// Output:
	// too early for a server: true
	// begins something else: true
	// too late: true
}
