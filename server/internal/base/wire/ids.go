// Package ids handles the ids of players and questionnaires, which old clients send as JSON strings or integers: 17 and
// "17" are the same, and go back as their sender wrote them.
package wire

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/matchq/matchq/matchq"
)

// ID is a name as the library knows it, and whether it was written as an integer.
type ID struct {
	Name   string
	Number bool
}

// UnmarshalJSON reads a string or an integer.
func (id *ID) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		id.Number = false
		return json.Unmarshal(data, &id.Name)
	}
	if !isInteger(string(data)) {
		return errors.New("must be a string or an integer")
	}
	*id = ID{Name: string(data), Number: true}
	return nil
}

// MarshalJSON writes it as it was read.
func (id ID) MarshalJSON() ([]byte, error) {
	// The second condition is about tickets that somebody else made with a ReplyTo of ours.
	if id.Number && isInteger(id.Name) {
		return []byte(id.Name), nil
	}
	return json.Marshal(id.Name)
}

// Check says what is wrong with an id, if anything, by the library's rules for names. It is for ids that are used before
// the library sees them.
func (id ID) Check(field string) error {
	if invalid, ok := errors.AsType[*matchq.InvalidError](matchq.CheckName(field, id.Name)); ok {
		return Errorf(CodeInvalid, "%s %s", invalid.Field, invalid.Problem)
	}
	return nil
}

// isInteger says whether s is an integer as JSON writes it.
func isInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || s == "-0" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
