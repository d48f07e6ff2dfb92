package codec

import (
	"fmt"
	"iter"
	"sort"
	"strconv"
	"strings"
)

// Entry is an entry of the event stream, about up to some hundred tickets. lua/lib/entry.lua has its grammar.
type Entry struct {
	ID         string
	Kind       string
	AtMS       int64
	Reason     string
	MatchID    string // of the match that was proposed, if the entry ends a proposal; else ""
	DeadlineMS int64  // of a proposal
	Rules      string // the version of the rules that made the matches
	MadeMS     int64  // when the match was made, of an entry about its assignment or release
	Proposed   bool   // the match was proposed before
	Sequel     Sequel // likewise: the match's assignment and release
	First      int    // the place of the first lines: 0, unless a script has cut one place out of the entry

	lines string
	count int
	size  int      // tickets a place
	ends  []int    // of each place, where sizes differ: how many tickets there are up to its end
	data  []string // of each match
}

// ParseEntry reads the fields of an entry.
func ParseEntry(id string, fields map[string]string) (Entry, error) {
	e := Entry{ID: id, Kind: fields["kind"], Reason: fields["reason"], MatchID: fields["match"], Rules: fields["rules"], lines: fields["tickets"]}
	var err error
	if e.AtMS, err = strconv.ParseInt(fields["at"], 10, 64); err != nil {
		return e, fmt.Errorf("matchq: entry %q has no time", id)
	}
	switch e.Kind {
	case Restored, Matched, Cancelled, Expired, RulesChanged:
		e.Proposed = e.MatchID != ""
	case Assigned, Released:
		e.Proposed = fields["proposed"] == "1"
		if e.MadeMS, err = strconv.ParseInt(fields["made"], 10, 64); err != nil || e.MatchID == "" {
			return e, fmt.Errorf("matchq: entry %s is of no match that was made", id)
		}
	case Proposed:
		if e.DeadlineMS, err = strconv.ParseInt(fields["deadline"], 10, 64); err != nil {
			return e, fmt.Errorf("matchq: entry %s has no deadline", id)
		}
	default:
		return e, fmt.Errorf("matchq: entry %s is of unknown kind %q", id, e.Kind)
	}
	if first, cut := fields["place"]; cut {
		if e.First, err = strconv.Atoi(first); err != nil || e.First < 0 {
			return e, fmt.Errorf("matchq: entry %s was cut at place %q", id, first)
		}
	}
	if e.lines != "" {
		e.count = (strings.Count(e.lines, "\n") + 2) / 2
	}
	if count, told := fields["count"]; told && count != strconv.Itoa(e.count) {
		return e, fmt.Errorf("matchq: entry %s has %d tickets, and says %q", id, e.count, count)
	}
	if err := e.parseSizes(fields["size"]); err != nil {
		return e, err
	}
	if data := fields["data"]; data != "" {
		if e.data = strings.Split(data, "\n"); len(e.data) != e.Places() {
			return e, fmt.Errorf("matchq: entry %s has data of %d matches of %d", id, len(e.data), e.Places())
		}
	}
	if e.Kind == Assigned || e.Kind == Released {
		if e.Places() != 1 {
			return e, fmt.Errorf("matchq: entry %s is of %d matches", id, e.Places())
		}
		e.Sequel, err = ParseSequel(fields["sequel"], e.count)
	}
	return e, err
}

// parseSizes reads how many tickets a place has: one number for all, or one each.
func (e *Entry) parseSizes(text string) error {
	var err error
	single := e.Kind == Restored || e.Kind == Cancelled || e.Kind == Expired || e.Kind == RulesChanged
	if e.size, err = strconv.Atoi(text); err == nil {
		if e.size < 1 || single && e.size > 1 || e.count == 0 || e.count%e.size != 0 {
			return fmt.Errorf("matchq: entry %s of kind %s has %d tickets in places of %d", e.ID, e.Kind, e.count, e.size)
		}
		return nil
	}
	total := 0
	for size := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > e.count || single {
			return fmt.Errorf("matchq: entry %s of kind %s has sizes %q", e.ID, e.Kind, text)
		}
		total += n
		e.ends = append(e.ends, total)
	}
	if total != e.count {
		return fmt.Errorf("matchq: entry %s has %d tickets in matches of %s", e.ID, e.count, text)
	}
	return nil
}

// Places is how many matches, or single tickets, the entry tells of.
func (e *Entry) Places() int {
	if e.ends != nil {
		return len(e.ends)
	}
	return e.count / max(1, e.size) // the zero Entry has none
}

// Place is the range of the tickets at a place.
func (e *Entry) Place(place int) (first, end int) {
	if e.ends == nil {
		return place * e.size, (place + 1) * e.size
	}
	if place > 0 {
		first = e.ends[place-1]
	}
	return first, e.ends[place]
}

// PlaceOf is the place of a ticket by its number.
func (e *Entry) PlaceOf(ticket int) int {
	if e.ends == nil {
		return ticket / e.size
	}
	return sort.SearchInts(e.ends, ticket+1)
}

// Data is that of the match at a place, as JSON; "" if it has none.
func (e *Entry) Data(place int) string {
	if e.data == nil {
		return ""
	}
	return e.data[place]
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
