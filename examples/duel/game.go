package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// game plays duels. They are in Redis, so each process serves each player, and a process that dies ends none.
type game struct {
	m        *matchq.Matcher
	presence *presence.Presence
	rooms    *rooms.Rooms
}

// play queues a player who is in no duel. WhileOnline cancels the ticket if the player leaves.
func (g *game) play(ctx context.Context, player string) error {
	if _, d, err := g.of(ctx, player); err == nil && d.Winner == "" || err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return err
	}
	ticket, err := g.m.Enqueue(ctx, matchq.Request{Queue: "duel", Player: player, WhileOnline: true})
	if _, ok := errors.AsType[*matchq.DuplicateError](err); ok {
		return nil // play or resume waits for it already
	} else if err != nil {
		return err
	}
	return g.wait(ctx, ticket.ID)
}

// wait waits for an opponent, and begins the duel.
func (g *game) wait(ctx context.Context, ticketID string) error {
	ticket, err := g.m.Wait(ctx, ticketID)
	switch {
	case err != nil:
		return err
	case ticket.State == matchq.Matched:
		return g.begin(ctx, ticket.Match)
	default:
		return g.presence.Send(ctx, presence.Message{Player: ticket.Player, Event: "nobody came"})
	}
}

// resume brings a player back who has connected again: into the queue, or to the latest duel.
func (g *game) resume(ctx context.Context, player string) error {
	ticket, err := g.m.TicketOf(ctx, player)
	switch {
	case err == nil && !ticket.State.Ended():
		return g.wait(ctx, ticket.ID)
	case err == nil && ticket.State == matchq.Matched:
		err = g.begin(ctx, ticket.Match) // both players may have been away
	}
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return err
	}
	_, d, err := g.of(ctx, player)
	if errors.Is(err, matchq.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return g.presence.Send(ctx, d.tell(d.event(), player)...)
}

// begin makes the room of a match. The processes of both players try it; the first one does it.
func (g *game) begin(ctx context.Context, match *matchq.Match) error {
	d := duel{Players: match.Players(), Moves: map[string]string{}}
	c := rooms.Change{ID: match.Room, Keep: time.Hour, Doc: encode(d), Messages: d.tell("begin", d.Players...)}
	for _, player := range d.Players {
		c.Seats = append(c.Seats, rooms.Seat{Player: player})
	}
	if _, err := g.rooms.Change(ctx, c); !errors.Is(err, rooms.ErrConflict) {
		return err
	}
	return nil
}

// turn changes the duel of a player, and tells both the event in the same step. It tries again if another process was faster.
func (g *game) turn(ctx context.Context, player string, decide func(*duel) (event string)) error {
	for {
		room, d, err := g.of(ctx, player)
		if errors.Is(err, matchq.ErrNotFound) || err == nil && d.Winner != "" {
			return nil
		} else if err != nil {
			return err
		}
		c := rooms.Change{ID: room.ID, Version: room.Version, Keep: time.Hour}
		if event := decide(&d); event != "" {
			c.Messages = d.tell(event, d.Players...)
		}
		if d.Winner != "" { // longer than the tickets, so that nobody begins it again
			c.Keep = g.m.Config().Retention + time.Minute
		}
		c.Doc = encode(d)
		if _, err := g.rooms.Change(ctx, c); !errors.Is(err, rooms.ErrConflict) {
			return err
		}
	}
}

// of reads a player's latest duel: the one that is kept longest. The error is matchq.ErrNotFound if there is none.
func (g *game) of(ctx context.Context, player string) (room rooms.Room, d duel, err error) {
	ids, err := g.rooms.Of(ctx, player)
	if err == nil && len(ids) == 0 {
		err = matchq.ErrNotFound
	}
	if err == nil {
		room, err = g.rooms.Get(ctx, ids[0])
	}
	if err == nil {
		err = json.Unmarshal(room.Doc, &d)
	}
	return room, d, err
}
