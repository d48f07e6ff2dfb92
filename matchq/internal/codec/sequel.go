package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Sequel is a match's assignment and release. lua/lib/sequel.lua has its grammar.
type Sequel struct {
	Assignment string // a line of JSON; "" if there is none
	ReleasedMS int64  // 0 if it was not released
	Reason     string // of the release
	Successors []string
}

// noSuccessor stands for the new ticket of a player who got none.
const noSuccessor = "-"

// ParseSequel reads a sequel of a match with some tickets. The Successors of a released one are those of the tickets, in
// their order, "" where there is none.
func ParseSequel(text string, tickets int) (Sequel, error) {
	fields := strings.Split(text, "\t")
	s := Sequel{Assignment: fields[0]}
	if len(fields) == 1 {
		return s, nil
	}
	if len(fields) != 3+tickets {
		return s, fmt.Errorf("matchq: a sequel of %d tickets has %d fields", tickets, len(fields))
	}
	var err error
	if s.ReleasedMS, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return s, fmt.Errorf("matchq: a match was released at %q", fields[1])
	}
	s.Reason, s.Successors = fields[2], fields[3:]
	for i, id := range s.Successors {
		if id == noSuccessor {
			s.Successors[i] = ""
		}
	}
	return s, nil
}

// assignment is how an assignment is stored.
type assignment struct {
	Connection string          `json:"connection"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// AssignmentText is an assignment as it is stored. data is compact JSON, "" for none.
func AssignmentText(connection, data string) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(assignment{connection, json.RawMessage(data)})
	return strings.TrimSuffix(text.String(), "\n"), err
}

// ParseAssignment is the reverse of AssignmentText.
func ParseAssignment(text string) (connection string, data json.RawMessage, err error) {
	var a assignment
	if err = json.Unmarshal([]byte(text), &a); err != nil {
		return "", nil, fmt.Errorf("matchq: an assignment is %q: %w", text, err)
	}
	return a.Connection, a.Data, nil
}
