// Package intake takes requests for tickets by any transport, within the rate limits, and answers in time.
package intake

import (
	"context"
	"encoding/json"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// timeout covers rate limits and enqueueing.
func (i *Intake) timeout() time.Duration { return gather.Over(i.Matcher.Config().Timeout) }

// Intake enqueues players.
type Intake struct {
	Matcher *matchq.Matcher
	Limits  *limits.Limiter // nil for no limits
	Games   Games           // nil for no games
	Lookups *Lookups        // of Games

	// Admit refuses a new queue if too many live; nil for no bound.
	Admit func(ctx context.Context, queue string) error

	// Queued is called with each new ticket, if it is set. It must return quickly.
	Queued func(t *matchq.Ticket)

	maxAttributes int // of a ticket, in bytes; 0 for the library's limit
}

// maxGuestAttributes is the largest size of the attributes of a guest's ticket, in bytes. Everybody can be a guest, as
// often as they like.
const maxGuestAttributes = 512

// Games are forfeited by players who queue for another one.
type Games interface {
	// Seats returns for each player the rooms that the player has a seat in.
	Seats(ctx context.Context, players []string) ([][]string, error)
	// ForfeitFor forfeits a player's games in rooms.
	ForfeitFor(ctx context.Context, player string, rooms []string)
}

// For returns the intake for a client. The API key is exempt from rate limits and the bound of queues. Attributes of guests are bounded.
func (i *Intake) For(client identity.Identity) *Intake {
	if client.Trusted {
		return &Intake{Matcher: i.Matcher, Games: i.Games, Lookups: i.Lookups, Queued: i.Queued}
	}
	if client.Guest {
		guests := *i
		guests.maxAttributes = maxGuestAttributes
		return &guests
	}
	return i
}

// check bounds the attributes of a request, and the queues. Errors are *wire.Error.
func (i *Intake) check(ctx context.Context, r *Request) error {
	if i.maxAttributes > 0 && len(r.Attributes) > i.maxAttributes {
		return wire.Errorf(wire.CodeInvalid, "attributes of a guest must be at most %d bytes, not %d", i.maxAttributes, len(r.Attributes))
	}
	if i.Admit != nil {
		return i.Admit(ctx, r.Queue.Name)
	}
	return nil
}

// Charge charges an address as for that many tickets. Errors are *wire.Error.
func (i *Intake) Charge(ctx context.Context, address string, tickets int) error {
	ctx, cancel := context.WithTimeout(ctx, i.timeout())
	defer cancel()
	return i.Limits.Address(ctx, address, tickets)
}

// Request asks for a ticket.
type Request struct {
	ID            string // of the ticket; a new one unless set
	Queue, Player wire.ID
	SID           string // of the connection that the client asks by; "" by HTTP
	Rating        *float64
	Attributes    json.RawMessage
	TTL           time.Duration
}

// request is the library's request. A ticket that came by a connection lives while its player is connected.
func (r *Request) request() matchq.Request {
	origin := wire.Origin{PlayerNumber: r.Player.Number, QueueNumber: r.Queue.Number, SID: r.SID}
	return matchq.Request{
		ID: r.ID, Queue: r.Queue.Name, Player: r.Player.Name, Rating: r.Rating, Attributes: r.Attributes, TTL: r.TTL,
		ReplyTo: origin.Encode(), WhileOnline: origin.ByConnection(),
	}
}

// Enqueue makes one ticket. Errors are those of matchq.Matcher.Enqueue, or *wire.Error.
func (i *Intake) Enqueue(ctx context.Context, r Request, address string) (matchq.Ticket, error) {
	ctx, cancel := context.WithTimeout(ctx, i.timeout())
	defer cancel()
	if err := i.Limits.Ticket(ctx, address, r.Player.Name); err != nil {
		return matchq.Ticket{}, err
	}
	if err := i.check(ctx, &r); err != nil {
		return matchq.Ticket{}, err
	}
	if i.Games == nil {
		return i.enqueue(ctx, &r)
	}
	// A later lookup could find the game of the very match that the player is queued for. One before the enqueue would keep
	// it waiting, and most players have no game.
	before := i.Lookups.Begin(r.Player.Name)
	t, err := i.enqueue(ctx, &r)
	if rooms, failed := before.Wait(ctx); failed == nil {
		i.forfeitRooms(ctx, [][]string{rooms}, []matchq.Result{{Ticket: t, Err: err}})
	}
	return t, err
}

func (i *Intake) enqueue(ctx context.Context, r *Request) (matchq.Ticket, error) {
	t, err := i.Matcher.Enqueue(ctx, r.request())
	i.tellQueued([]matchq.Result{{Ticket: t, Err: err}})
	return t, err
}

// tellQueued calls Queued with each new ticket.
func (i *Intake) tellQueued(results []matchq.Result) {
	for n := range results {
		if r := &results[n]; i.Queued != nil && r.Err == nil && !r.Ticket.Repeated {
			i.Queued(&r.Ticket)
		}
	}
}

// EnqueueAll makes many tickets and returns one result a request, in their order. An error is about all of them: none
// was queued.
func (i *Intake) EnqueueAll(ctx context.Context, requests []Request, address string) ([]matchq.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, i.timeout())
	defer cancel()
	if err := i.Limits.Address(ctx, address, len(requests)); err != nil {
		return nil, err
	}
	players := make([]string, len(requests))
	for n := range requests {
		players[n] = requests[n].Player.Name
	}
	results := make([]matchq.Result, len(requests))
	var (
		allowed []matchq.Request
		names   []string
		at      []int
	)
	for n, err := range i.Limits.Players(ctx, players) {
		if err == nil {
			err = i.check(ctx, &requests[n])
		}
		if err != nil {
			results[n].Err = err
			continue
		}
		allowed, names, at = append(allowed, requests[n].request()), append(names, players[n]), append(at, n)
	}
	var before [][]string
	if i.Games != nil && len(names) > 0 {
		var err error
		if before, err = i.Games.Seats(ctx, names); err != nil { // before the enqueue, as for one ticket
			return nil, err
		}
	}
	done, _ := i.Matcher.EnqueueAll(ctx, allowed) // its error is that of ctx; each result has its own
	i.tellQueued(done)
	i.forfeitRooms(ctx, before, done)
	for n, result := range done {
		results[at[n]] = result
	}
	return results, allRefused(results)
}

// allRefused returns the error of a batch that queued nothing because Redis is away or refuses, or this node is overloaded;
// else nil.
func allRefused(results []matchq.Result) error {
	for _, r := range results {
		if r.Err == nil {
			return nil
		}
		switch wire.ErrorOf(r.Err).Code {
		case wire.CodeRedisUnavailable, wire.CodeRedisRefuses, wire.CodeOverloaded:
		default:
			return nil
		}
	}
	if len(results) == 0 {
		return nil
	}
	return results[0].Err
}
