// Package codec reads and writes the data in Redis: the values of tickets, the entries of the event stream, the values of
// proposals. Scripts do the same with the accessors in lua/lib; both must agree with testdata/golden.json. Fields are separated by tabs and lines by newlines, which neither names nor compact JSON contain.
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
	Rating      float64 // 0 if it has none
	ReplyTo     string
	Attributes  string // compact JSON, "" if it has none
}

// EnqueuedMS is when the ticket was enqueued.
func (r *Record) EnqueuedMS() int64 { return r.ExpiresMS - r.TTLMS }

// Body is the record without the time it expires, which Redis puts in front of it.
func (r *Record) Body() string {
	rating := ""
	if r.Rating != 0 {
		rating = strconv.FormatFloat(r.Rating, 'g', -1, 64)
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
func (r *Record) Text() string { return fmt.Sprintf("%013d\t%s", r.ExpiresMS, r.Body()) }

// recordFields is how many fields a record has.
const recordFields = 7

// ParseRecord reads a record.
func ParseRecord(text string) (Record, error) {
	fields := strings.SplitN(text, "\t", recordFields)
	if len(fields) != recordFields {
		return Record{}, fmt.Errorf("record has %d fields of %d", len(fields), recordFields)
	}
	r := Record{Queue: fields[1], Player: fields[3], ReplyTo: fields[5], Attributes: fields[6]}
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
		if r.Rating, err = strconv.ParseFloat(fields[4], 64); err != nil {
			return Record{}, fmt.Errorf("rating: %w", err)
		}
	}
	return r, nil
}

// SameTicket says whether a record is that of a body's ticket: of the same queue, player and time to live.
func SameTicket(record, body string) bool {
	_, stored, _ := strings.Cut(record, "\t")
	queue, rest, _ := strings.Cut(stored, "\t")
	ttl, rest, _ := strings.Cut(rest, "\t")
	ttl, _, _ = strings.Cut(ttl, ".") // how often it was restored
	return queue+"\t"+ttl+"\t"+rest == body
}
