package matchq

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rs/xid"
)

// Limits on what a request may hold, in bytes.
const (
	MaxName       = 128  // of a queue, a player, a namespace and ReplyTo
	MaxID         = 64   // of a ticket id
	MaxAttributes = 4096 // of a ticket's attributes as compact JSON
)

// Request asks for a ticket.
type Request struct {
	// Queue is what the player wants to play, 1 to 128 bytes of UTF-8 without control characters, not "." or "..".
	Queue string
	// Player is who wants to play; the same rules as for Queue.
	Player string
	// Rating is a finite number that policies may use.
	Rating float64
	// Attributes are JSON that comes back with the ticket and its match, up to 4 KiB when compacted; nil for none.
	Attributes json.RawMessage
	// ReplyTo says where the player can be told, in your words: a connection, a node. Up to 128 bytes, as a name, or
	// empty. It comes back with the ticket and its match.
	ReplyTo string
	// TTL is how long the ticket waits before it expires; Config.TTL if zero, Never for no end.
	TTL time.Duration
	// WhileOnline ties the ticket to its player's presence, as a Node reports it: once they have been away for the
	// node's grace, or their node is dead, the ticket is cancelled for the reason Disconnected and never matched.
	WhileOnline bool
	// ID is the ticket's id, if you need to repeat a request that may have arrived: 1 to 64 letters, digits, - and _.
	// Within Config.Retention a second request with the same id, player and queue gets what became of the first one;
	// an *UnknownError again while a first one without an answer is being voided.
	// A new unique one of 16 characters is used if it is empty.
	ID string
}

// row is a checked request on its way to Redis.
type row struct {
	ticket Ticket // what it will be, but for the times
	body   string // its record, but for the time it expires
	ttlMS  int64  // neverMS for Never
	named  bool   // the request has chosen the id
}

// prepare checks a request and makes its row.
func (m *Matcher) prepare(r *Request) (row, error) {
	if err := CheckName("queue", r.Queue); err != nil {
		return row{}, err
	}
	if err := CheckName("player", r.Player); err != nil {
		return row{}, err
	}
	if r.ReplyTo != "" {
		if err := CheckName("reply_to", r.ReplyTo); err != nil {
			return row{}, err
		}
	}
	if math.IsNaN(r.Rating) || math.IsInf(r.Rating, 0) {
		return row{}, &InvalidError{"rating", "must be a finite number"}
	}
	attributes, err := compact("attributes", r.Attributes, MaxAttributes)
	if err != nil {
		return row{}, err
	}
	ttl := r.TTL
	if ttl == 0 {
		ttl = m.cfg.TTL
	}
	if err := checkTTL(ttl); err != nil {
		return row{}, err
	}
	id := r.ID
	if id == "" {
		id = newID()
	} else if err := checkID(id); err != nil {
		return row{}, err
	} else if m.voider.has(id) {
		return row{}, &UnknownError{TicketID: id, Err: errVoiding}
	}
	made := row{ticket: Ticket{
		ID: id, Queue: r.Queue, Player: r.Player, Rating: r.Rating, ReplyTo: r.ReplyTo, WhileOnline: r.WhileOnline,
		State: Waiting, Version: 1,
	}}
	if attributes != "" {
		made.ticket.Attributes = json.RawMessage(attributes)
	}
	made.ttlMS, made.named = neverMS, r.ID != ""
	if ttl != Never {
		made.ttlMS = ttl.Milliseconds()
	}
	made.body = body(&made.ticket, made.ttlMS)
	return made, nil
}

// errVoiding is why an id can't be used again yet.
var errVoiding = errors.New("an earlier request with this id had no answer and is being voided")

// queuedAt is the ticket that a row became.
func (r *row) queuedAt(ms int64) Ticket {
	t := r.ticket
	t.EnqueuedAt = time.UnixMilli(ms)
	if r.ttlMS != neverMS {
		t.ExpiresAt = time.UnixMilli(ms + r.ttlMS)
	}
	return t
}

// newID makes a unique id, greater than those made in the seconds before. It is an xid in base64 rather than in
// base32: each of the 4 bytes stands in Redis up to three times.
func newID() string { return idEncoding.EncodeToString(xid.New().Bytes()) }

// idEncoding is base64 with an alphabet in ASCII order, so that ids sort as their bytes do.
var idEncoding = base64.NewEncoding("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz").WithPadding(base64.NoPadding)

// CheckName says what is wrong with the name of a queue, a player or the like: an *InvalidError about field, or nil.
func CheckName(field, name string) error {
	switch {
	case name == "":
		return &InvalidError{field, "must not be empty"}
	case len(name) > MaxName:
		return &InvalidError{field, fmt.Sprintf("must be at most %d bytes, not %d", MaxName, len(name))}
	case !utf8.ValidString(name):
		return &InvalidError{field, "must be UTF-8"}
	case name == "." || name == "..":
		return &InvalidError{field, `must not be "." or ".."`}
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return &InvalidError{field, "must not contain control characters"}
		}
	}
	return nil
}

func checkID(id string) error {
	if len(id) == 0 || len(id) > MaxID {
		return &InvalidError{"id", fmt.Sprintf("must be 1 to %d characters", MaxID)}
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return &InvalidError{"id", "must be letters, digits, - and _"}
		}
	}
	return nil
}

// compact checks JSON and takes its white space out, so that no tab or newline is left in it.
func compact(field string, data json.RawMessage, most int) (string, error) {
	if len(data) == 0 {
		return "", nil
	}
	var b bytes.Buffer
	if !utf8.Valid(data) || json.Compact(&b, data) != nil {
		return "", &InvalidError{field, "must be JSON"}
	}
	if b.Len() > most {
		return "", &InvalidError{field, fmt.Sprintf("must be at most %d bytes of compact JSON, not %d", most, b.Len())}
	}
	return b.String(), nil
}
