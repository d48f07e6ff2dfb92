package codec

import (
	"fmt"
	"strconv"
	"strings"
)

// Proposal is the value of a proposed match, open or settled. lua/lib/proposal.lua has its grammar. A match that was
// made without a ready check has no value.
type Proposal struct {
	State string // Proposed, Matched or Cancelled

	// Of an open one.
	DeadlineMS, MadeMS  int64
	IntervalMS, PhaseMS int64  // of the queue's windows
	Accepted            string // "1" or "0" for each ticket
	Queue               string
	Rules               string // the version that made it
	Notes               bool   // its players' opponents are noted when it is made
	Data                string // of the match, as JSON; "" if it has none

	Entry    string   // of a settled one: the id of the entry about the matched or the cancelled
	Restored string   // of a cancelled one: the id of the entry about the restored, "" if there are none
	IDs      []string // of the tickets, but for a matched one
}

// openFields is how many fields an open proposal has before its tickets.
const openFields = 10

// ParseProposal reads a proposal.
func ParseProposal(value string) (Proposal, error) {
	fields := strings.Split(value, "\t")
	switch {
	case fields[0] == "o" && len(fields) > openFields:
		return parseOpen(fields)
	case fields[0] == "m" && len(fields) == 2:
		return Proposal{State: Matched, Entry: fields[1]}, nil
	case fields[0] == "c" && len(fields) > 3:
		return Proposal{State: Cancelled, Entry: fields[1], Restored: fields[2], IDs: fields[3:]}, nil
	}
	return Proposal{}, fmt.Errorf("matchq: %q is no proposal", value)
}

func parseOpen(fields []string) (Proposal, error) {
	p := Proposal{State: Proposed, Accepted: fields[5], Queue: fields[6], Rules: fields[7], Notes: fields[8] == "1", Data: fields[9], IDs: fields[openFields:]}
	for i, into := range []*int64{&p.DeadlineMS, &p.MadeMS, &p.IntervalMS, &p.PhaseMS} {
		var err error
		if *into, err = strconv.ParseInt(fields[i+1], 10, 64); err != nil {
			return p, fmt.Errorf("matchq: a proposal has times %q", fields[1:5])
		}
	}
	if len(p.Accepted) != len(p.IDs) {
		return p, fmt.Errorf("matchq: a proposal has %d answers of %d", len(p.Accepted), len(p.IDs))
	}
	return p, nil
}
