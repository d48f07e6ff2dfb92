package wire

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/matchq/matchq/matchq"
)

// Old clients send ids as JSON strings or integers. 17 and "17" are the same id, and go back as the sender wrote them.

// ID is the id of a player or a questionnaire.
type ID struct {
	Name   string
	Number bool
}

// UnmarshalJSON reads a string or an integer; null is no id.
func (id *ID) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
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
	// A foreign ticket may have a ReplyTo that looks like ours.
	if id.Number && isInteger(id.Name) {
		return []byte(id.Name), nil
	}
	return json.Marshal(id.Name)
}

// Check returns an error if the library refuses the id as a name. It is for ids that are used before the library gets
// them.
func (id ID) Check(field string) error {
	if invalid, ok := errors.AsType[*matchq.InvalidError](matchq.CheckName(field, id.Name)); ok {
		return Errorf(CodeInvalid, "%s %s", invalid.Field, invalid.Problem)
	}
	return nil
}

// isInteger reports whether s is an integer in JSON.
func isInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || s == "-0" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
