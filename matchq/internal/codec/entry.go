package codec

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Entry is an entry of the event stream, about up to some hundred tickets. lua/lib/entry.lua has its grammar.
type Entry struct {
	ID         string
	Kind       string
	Size       int // tickets a match; 1 where each ticket is by itself
	AtMS       int64
	Reason     string
	MatchID    string // of the match that was proposed, if the entry ends a proposal; else ""
	DeadlineMS int64  // of a proposal
	First      int    // the place of the first lines: 0, unless a script has cut one place out of the entry

	lines string
	count int
}

// ParseEntry reads the fields of an entry.
func ParseEntry(id string, fields map[string]string) (Entry, error) {
	e := Entry{ID: id, Kind: fields["kind"], Reason: fields["reason"], MatchID: fields["match"], lines: fields["tickets"]}
	var err error
	if e.AtMS, err = strconv.ParseInt(fields["at"], 10, 64); err != nil {
		return e, fmt.Errorf("matchq: entry %q has no time", id)
	}
	switch e.Kind {
	case Restored, Matched, Cancelled, Expired:
	case Proposed:
		if e.DeadlineMS, err = strconv.ParseInt(fields["deadline"], 10, 64); err != nil {
			return e, fmt.Errorf("matchq: entry %s has no deadline", id)
		}
	default:
		return e, fmt.Errorf("matchq: entry %s is of unknown kind %q", id, e.Kind)
	}
	single := e.Kind != Matched && e.Kind != Proposed
	if e.Size, err = strconv.Atoi(fields["size"]); err != nil || e.Size < 1 || single && e.Size > 1 {
		return e, fmt.Errorf("matchq: entry %s of kind %s has size %q", id, e.Kind, fields["size"])
	}
	if first, cut := fields["place"]; cut {
		if e.First, err = strconv.Atoi(first); err != nil || e.First < 0 {
			return e, fmt.Errorf("matchq: entry %s was cut at place %q", id, first)
		}
	}
	if e.lines != "" {
		e.count = (strings.Count(e.lines, "\n") + 2) / 2
	}
	if e.count == 0 || e.count%e.Size != 0 {
		return e, fmt.Errorf("matchq: entry %s has %d tickets in matches of %d", id, e.count, e.Size)
	}
	return e, nil
}

// Count is how many tickets the entry names.
func (e *Entry) Count() int { return e.count }

// Lines are the tickets of the entry: id and record.
func (e *Entry) Lines() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for rest := e.lines; rest != ""; {
			var id, record string
			id, rest, _ = strings.Cut(rest, "\n")
			record, rest, _ = strings.Cut(rest, "\n")
			if !yield(id, record) {
				return
			}
		}
	}
}

// MatchAt is the id of the match at a place of an entry about matches, counted from First: the one it was proposed
// under, if it was.
func (e *Entry) MatchAt(place int) string {
	if e.MatchID != "" {
		return e.MatchID
	}
	return PlaceID(e.ID, e.First+place)
}
