// Package codec reads and writes the data in Redis: the values of tickets, the entries of the event stream, the values of
// proposals. Scripts do the same with the accessors in lua/lib; both must agree with testdata/golden.json. Fields are
// separated by tabs and lines by newlines, which neither names nor compact JSON contain.
package codec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Record is a ticket that waits or is proposed. lua/lib/value.lua has its grammar.
type Record struct {
	ExpiresMS   int64
	TTLMS       int64 // NeverMS if it never expires; it was enqueued so long before ExpiresMS
	WhileOnline bool
	Restored    int // how often
	Queue       string
	Player      string
	Rating      *float64 // nil if it has none
	ReplyTo     string
	Attributes  string // compact JSON, "" if it has none
	More        string // the parts that Redis added, a tab before each
}

// EnqueuedMS is when the ticket was enqueued.
func (r *Record) EnqueuedMS() int64 { return r.ExpiresMS - r.TTLMS }

// Body is the record without the parts that Redis adds: the time it expires in front of it, and More behind it.
func (r *Record) Body() string {
	rating := ""
	if r.Rating != nil {
		rating = strconv.FormatFloat(*r.Rating, 'g', -1, 64)
	}
	ttl := strconv.FormatInt(r.TTLMS, 10)
	if r.WhileOnline {
		ttl += "!"
	}
	if r.Restored > 0 {
		ttl += "." + strconv.Itoa(r.Restored)
	}
	return r.Queue + "\t" + ttl + "\t" + r.Player + "\t" + rating + "\t" + r.ReplyTo + "\t" + r.Attributes
}

// Text is the record as it is stored.
func (r *Record) Text() string { return fmt.Sprintf("%013d\t%s%s", r.ExpiresMS, r.Body(), r.More) }

// Opponents are the player's latest opponents when the ticket was enqueued, the last one first.
func (r *Record) Opponents() []string {
	if names, found := r.part("r"); found {
		return strings.Split(names, "\x1f")
	}
	return nil
}

// Predecessor is the id of the ticket that the record's ticket succeeds, "" if it succeeds none.
func (r *Record) Predecessor() string {
	id, _ := r.part("p")
	return id
}

// part is a part of More.
func (r *Record) part(letter string) (value string, found bool) {
	for part := range strings.SplitSeq(r.More, "\t") {
		if value, found := strings.CutPrefix(part, letter); found {
			return value, true
		}
	}
	return "", false
}

// recordFields is how many fields a record has.
const recordFields = 7

// ParseRecord reads a record.
func ParseRecord(text string) (Record, error) {
	fields := strings.SplitN(text, "\t", recordFields)
	if len(fields) != recordFields {
		return Record{}, fmt.Errorf("record has %d fields of %d", len(fields), recordFields)
	}
	r := Record{Queue: fields[1], Player: fields[3], ReplyTo: fields[5], Attributes: fields[6]}
	if more := strings.IndexByte(r.Attributes, '\t'); more >= 0 {
		r.Attributes, r.More = r.Attributes[:more], r.Attributes[more:]
	}
	times, restored, _ := strings.Cut(fields[2], ".")
	times, r.WhileOnline = strings.CutSuffix(times, "!")
	var err1, err2 error
	r.ExpiresMS, err1 = strconv.ParseInt(fields[0], 10, 64)
	r.TTLMS, err2 = strconv.ParseInt(times, 10, 64)
	if err1 != nil || err2 != nil {
		return Record{}, errors.New("record has no times")
	}
	var err error
	if restored != "" {
		if r.Restored, err = strconv.Atoi(restored); err != nil {
			return Record{}, fmt.Errorf("restored %q times", restored)
		}
	}
	if fields[4] != "" {
		rating, err := strconv.ParseFloat(fields[4], 64)
		if err != nil {
			return Record{}, fmt.Errorf("rating: %w", err)
		}
		r.Rating = &rating
	}
	return r, nil
}

// SameRequest says whether a record is of the request that a body is of: the same queue, player, rating, attributes and so
// on. Its time to live may be another, that of the rules of the moment.
func SameRequest(record, body string) bool {
	_, stored, _ := strings.Cut(record, "\t")
	more, found := strings.CutPrefix(withoutTTL(stored), withoutTTL(body))
	return found && (more == "" || more[0] == '\t')
}

// withoutTTL is a body without its second field, but for the mark of a ticket that lives only while its player is online.
func withoutTTL(body string) string {
	queue, rest, _ := strings.Cut(body, "\t")
	ttl, rest, _ := strings.Cut(rest, "\t")
	ttl, _, _ = strings.Cut(ttl, ".") // how often it was restored
	return queue + "\t" + strings.TrimLeft(ttl, "0123456789") + "\t" + rest
}

// WithTTL is a body of a ticket that was never restored with another time to live.
func WithTTL(body string, ttlMS int64) string {
	queue, rest, _ := strings.Cut(body, "\t")
	return queue + "\t" + strconv.FormatInt(ttlMS, 10) + strings.TrimLeft(rest, "0123456789")
}

// WithSince is a body of a request whose player waits since a time (ms), as enqueue.lua takes it.
func WithSince(body string, sinceMS int64) string {
	return body + "\tw" + strconv.FormatInt(sinceMS, 10)
}
