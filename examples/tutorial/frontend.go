package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/matchq/matchq/matchq"
)

// player has the facts that a game knows of a player who wants to play.
type player struct {
	name   string
	mode   string
	rating float64
}

// frontend is what clients of the game talk to, by HTTP, say.
type frontend struct{ m *matchq.Matcher }

// play queues a player, and returns the match once it has a server. A player whose match had to be released waits again.
func (f *frontend) play(ctx context.Context, p player) (matchq.Match, error) {
	attributes, err := json.Marshal(map[string]string{"mode": p.mode})
	if err != nil {
		return matchq.Match{}, err
	}
	ticket, err := f.m.Enqueue(ctx, matchq.Request{Queue: "arena", Player: p.name, Rating: &p.rating, Attributes: attributes})
	for err == nil {
		if ticket, err = f.m.Wait(ctx, ticket.ID); err != nil {
			break
		}
		if ticket.State != matchq.Matched {
			return matchq.Match{}, fmt.Errorf("the ticket is %s", ticket.State)
		}
		var match matchq.Match
		match, err = f.assigned(ctx, ticket.Match.ID)
		if err != nil || match.Assignment != nil {
			return match, err
		}
		ticket, err = f.m.TicketOf(ctx, p.name) // the match was released: the new ticket
	}
	return matchq.Match{}, err
}

// assigned returns a match when it has an assignment, or was released. The position is taken before the match is read, so
// that nothing is missed in between. A frontend of thousands of players has one Watch for all of them.
func (f *frontend) assigned(ctx context.Context, id string) (matchq.Match, error) {
	position, err := f.m.Position(ctx)
	if err != nil {
		return matchq.Match{}, err
	}
	match, err := f.m.Match(ctx, id)
	if err != nil || match.Assignment != nil || match.Released != nil {
		return match, err
	}
	for event, err := range f.m.Watch(ctx, position) {
		switch {
		case errors.Is(err, matchq.ErrGap): // events were missed: look again
			return f.assigned(ctx, id)
		case err != nil: // Redis is away, say: Watch goes on when it is back
			log.Print(err)
		case event.MatchID == id && (event.Kind == matchq.Assigned || event.Kind == matchq.Released):
			return f.m.Match(ctx, id)
		}
	}
	return matchq.Match{}, ctx.Err()
}
