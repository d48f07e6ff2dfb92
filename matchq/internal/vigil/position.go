package vigil

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Position is a place in the event stream: everything up to and with this place of this entry was seen.
type Position struct {
	ms, seq uint64
	place   int // wholeEntry if nothing of the entry is left
}

// wholeEntry is the place of a position that has seen all of its entry.
const wholeEntry = math.MaxInt

// Oldest is the position before all events.
func Oldest() Position { return Position{place: wholeEntry} }

// ParsePosition reads the id of an event, or of an entry.
func ParsePosition(text string) (p Position, ok bool) {
	p.place = wholeEntry
	parts := strings.Split(text, "-")
	if len(parts) != 2 && len(parts) != 3 {
		return p, false
	}
	var err1, err2, err3 error
	p.ms, err1 = strconv.ParseUint(parts[0], 10, 64)
	p.seq, err2 = strconv.ParseUint(parts[1], 10, 64)
	if len(parts) == 3 {
		p.place, err3 = strconv.Atoi(parts[2])
	}
	return p, err1 == nil && err2 == nil && err3 == nil && p.place >= 0
}

// isOldest says whether the position stands before all events.
func (p Position) isOldest() bool { return p.ms == 0 && p.seq == 0 }

// EntryID is the id of the position's entry.
func (p Position) EntryID() string { return fmt.Sprintf("%d-%d", p.ms, p.seq) }

// PlaceAfter is the first place of an entry that was not seen.
func (p Position) PlaceAfter(entry Position) int {
	if p.ms == entry.ms && p.seq == entry.seq {
		return p.place + 1
	}
	return 0
}

// ReadAfter is the entry id after which reading goes on; of an entry that was seen in part, the one before it.
func (p Position) ReadAfter() string {
	switch {
	case p.place == wholeEntry || p.isOldest():
		return p.EntryID()
	case p.seq > 0:
		return fmt.Sprintf("%d-%d", p.ms, p.seq-1)
	default:
		return fmt.Sprintf("%d-%d", p.ms-1, uint64(math.MaxUint64))
	}
}

// EntryBefore says whether the position's entry stands before another's.
func (p Position) EntryBefore(o Position) bool {
	return p.ms < o.ms || p.ms == o.ms && p.seq < o.seq
}

// missedBy says whether something after the position is gone if everything up to and with trimmed is.
func (p Position) missedBy(trimmed Position) bool {
	if p.isOldest() {
		return false // it asks for the events that are kept
	}
	return p.EntryBefore(trimmed) || !trimmed.EntryBefore(p) && p.place < trimmed.place
}

// Lacks says whether the stream misses events after a position of it, or the position's own entry, which was not trimmed:
// Redis then has lost acknowledged writes. A Place that was read without an entry tells of the former only.
func (at *Place) Lacks(p Position) bool {
	lost := at.sought && !at.found && !p.isOldest() && at.trimmed.EntryBefore(p)
	return lost || p.missedBy(at.trimmed)
}
