package matchq

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sender"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Limits of a request, in bytes unless noted.
const (
	MaxName       = space.MaxName  // of a queue, a player, a namespace and ReplyTo
	MaxID         = 64             // of a ticket id
	MaxAttributes = 4096           // of a ticket's attributes as compact JSON
	MaxDepth      = codec.MaxDepth // levels of arrays and objects in attributes
)

// Request asks for a ticket.
type Request struct {
	// Queue names the waiting line, 1 to 128 bytes of UTF-8 without control characters, not "." or "..".
	Queue string
	// Player is a name too, by the same rules as Queue.
	Player string
	// Rating is a finite number that rules and policies may use; nil for none, which is not 0.
	Rating *float64
	// Attributes are JSON that comes back with the ticket and its match, up to 4 KiB when compacted; nil for none. CheckJSON
	// has the rules; MaxDepth bounds their levels.
	Attributes json.RawMessage
	// ReplyTo says where to reach the player, in your words: a connection, a node. A name of up to 128 bytes, or
	// empty. It comes back with the ticket and its match.
	ReplyTo string
	// TTL is how long the ticket waits before it expires; Never for no end. Defaults to the rules of the queue.
	TTL time.Duration
	// WaitingSince is since when the player waits, if that began elsewhere: the EnqueuedAt of a ticket in another namespace.
	// The ticket's EnqueuedAt is then that time, and rules count it. It still goes to the end of the line, and its time to
	// live begins now. It counts for at most 24 hours; a time ahead of Redis's clock counts as now. Defaults to now.
	WaitingSince time.Time
	// WhileOnline ties the ticket to its player's connection, as package presence reports it: once the player has been
	// away for the grace, or their node is dead, the ticket is cancelled with ReasonDisconnected and never matched.
	WhileOnline bool
	// ID is the ticket's id, for a request that you may have to repeat: 1 to 64 letters, digits, - and _.
	// Within Config.Retention a second request with the same id, player and queue gets the ticket of the first one;
	// an *UnknownError again while a first one without an answer is being voided.
	// Defaults to a new unique id of 16 characters.
	ID string
}

// row is a checked request on its way to Redis.
type row struct {
	ticket  Ticket // without its times
	body    string // its record without the time it expires
	ttlMS   int64  // codec.NeverMS for Never
	sinceMS int64  // of WaitingSince; 0 for now
	ownTTL  bool   // the request has chosen the time to live
	named   bool   // the request has chosen the id
}

// key names the line of rows that must keep their order.
func (r *row) key() sender.Key {
	key := sender.Key{Queue: r.ticket.Queue, Player: r.ticket.Player}
	if r.named {
		key.ID = r.ticket.ID
	}
	return key
}

// prepare checks a request and makes its row, by rules, or says why they are not known.
func (m *Matcher) prepare(r *Request, book *rulebook.Book, unread error) (row, error) {
	if err := CheckName("queue", r.Queue); err != nil {
		return row{}, err
	}
	if err := CheckName("player", r.Player); err != nil {
		return row{}, err
	}
	if err := CheckName("reply_to", r.ReplyTo); err != nil && r.ReplyTo != "" {
		return row{}, err
	}
	if r.Rating != nil && (math.IsNaN(*r.Rating) || math.IsInf(*r.Rating, 0)) {
		return row{}, &InvalidError{"rating", "must be a finite number"}
	}
	attributes, problem := codec.CompactJSON(r.Attributes, MaxAttributes, MaxDepth)
	if err := invalid("attributes", problem); err != nil {
		return row{}, err
	}
	if r.TTL != 0 {
		if err := checkTTL(r.TTL); err != nil {
			return row{}, err
		}
	}
	if !r.WaitingSince.IsZero() && r.WaitingSince.Unix() < 0 {
		return row{}, &InvalidError{"waiting_since", "must be after 1970"}
	}
	id := r.ID
	if id == "" {
		id = space.NewID()
	} else if err := checkID(id); err != nil {
		return row{}, err
	} else if m.voider.has(id) {
		return row{}, &UnknownError{TicketID: id, Err: errVoiding}
	}
	if unread != nil {
		return row{}, fmt.Errorf("matchq: nothing was queued: %w", unread)
	}
	plan := book.Plan(r.Queue)
	if plan.Err != nil {
		return row{}, plan.Err
	}
	ttlMS := ttlMS(r, plan)
	record := codec.Record{
		Queue: r.Queue, Player: r.Player, Rating: r.Rating, ReplyTo: r.ReplyTo, WhileOnline: r.WhileOnline,
		Attributes: attributes, TTLMS: ttlMS,
	}
	prepared := row{ticket: waitingTicket(id, &record), body: record.Body(), ttlMS: ttlMS, ownTTL: r.TTL != 0, named: r.ID != ""}
	if !r.WaitingSince.IsZero() {
		prepared.sinceMS = r.WaitingSince.UnixMilli()
	}
	return prepared, nil
}

// ttlMS is how long a ticket may wait, by its request or by the rules of its queue.
func ttlMS(r *Request, plan *rulebook.Plan) int64 {
	switch r.TTL {
	case Never:
		return codec.NeverMS
	case 0:
		return plan.TTLMS
	default:
		return r.TTL.Milliseconds()
	}
}

// errVoiding is why an id can't be used again yet.
var errVoiding = errors.New("an earlier request with this id had no answer and is being voided")

// queuedAt is the ticket that a row became.
func (r *row) queuedAt(a *answer) (Ticket, error) {
	if a.value != "" {
		t, _, err := liveTicket(r.ticket.ID, a.value, a.nowMS)
		return t, err
	}
	t := r.ticket
	t.EnqueuedAt = time.UnixMilli(a.nowMS)
	if a.ttlMS != codec.NeverMS {
		t.ExpiresAt = time.UnixMilli(a.nowMS + a.ttlMS)
	}
	return t, nil
}

// CheckName checks the name of a queue, a player or the like. The error is an *InvalidError about field.
func CheckName(field, name string) error { return invalid(field, space.NameProblem(name)) }

// CheckJSON checks JSON from outside: one value, valid Unicode in text and escapes, each key once in its object, numbers
// that a float64 can hold, at most depth levels of arrays and objects. The error is an *InvalidError about field.
func CheckJSON(field string, data []byte, depth int) error {
	return invalid(field, codec.JSONProblem(data, depth))
}

func checkID(id string) error { return invalid("id", space.IDProblem(id, MaxID)) }

// invalid is the error of a problem, nil for "".
func invalid(field, problem string) error {
	if problem == "" {
		return nil
	}
	return &InvalidError{field, problem}
}
