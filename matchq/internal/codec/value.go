package codec

import (
	"strconv"
	"strings"
)

// The states of tickets and the kinds of entries. A ticket that ended has the first letter of its state in its outcome.
const (
	Waiting   = "waiting"
	Proposed  = "proposed"
	Matched   = "matched"
	Cancelled = "cancelled"
	Expired   = "expired"
	Restored  = "restored" // of entries only

	Assigned = "assigned" // of entries only, like those below
	Released = "released"

	RulesChanged = "rules" // of entries only, whose lines are pattern, version TAB source TAB by
)

// IsRecord tells the value of a waiting ticket from others, which begin with a letter.
func IsRecord(value string) bool {
	return value != "" && value[0] >= '0' && value[0] <= '9'
}

// CutProposed parts the value of a proposed ticket; ok is false for other values.
func CutProposed(value string) (matchID, record string, ok bool) {
	rest, ok := strings.CutPrefix(value, "p\t")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "\t")
}

// OutcomeEntry is the id of the entry that an outcome names, "" for other values.
func OutcomeEntry(value string) string {
	_, place, _ := strings.Cut(value, "\t")
	if IsRecord(value) || strings.Contains(place, "\t") {
		return ""
	}
	if cut := strings.LastIndexByte(place, '-'); cut > 0 {
		return place[:cut]
	}
	return ""
}

// StateOf is the state of a ticket with a value; "" if the value has none.
func StateOf(value string) string {
	if IsRecord(value) {
		return Waiting
	}
	letter, _, _ := strings.Cut(value, "\t")
	for _, state := range []string{Proposed, Matched, Cancelled, Expired} {
		if letter == state[:1] {
			return state
		}
	}
	return ""
}

// PlaceID names a place in an entry: a match, or an event.
func PlaceID(entryID string, place int) string { return entryID + "-" + strconv.Itoa(place) }

// SplitPlaceID is the reverse of PlaceID.
func SplitPlaceID(id string) (entryID string, place int, ok bool) {
	cut := strings.LastIndexByte(id, '-')
	if cut <= 0 {
		return "", 0, false
	}
	place, err := strconv.Atoi(id[cut+1:])
	return id[:cut], place, err == nil && place >= 0 && IsEntryID(id[:cut])
}

// IsEntryID says whether a text is the id of a stream's entry.
func IsEntryID(id string) bool {
	ms, seq, found := strings.Cut(id, "-")
	return found && isDigits(ms) && isDigits(seq)
}

func isDigits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}
