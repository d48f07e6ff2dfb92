package wire

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/matchq/matchq/matchq"
)

// All JSON from outside is decoded here, more strictly than encoding/json does. Keys count in their exact letter case,
// and once in their object. Text is valid Unicode, and never repaired: else two names could become one. Values have their
// field's type. Numbers are finite, levels few. No data trails.

// maxLevels bounds arrays and objects in each other: a batch wraps attributes in three, a frame in two.
const maxLevels = matchq.MaxDepth + 4

// JSONError is a fault in JSON, in words for its author.
type JSONError struct {
	Problem string
	Offset  int64 // in bytes; 0 if unknown
}

func (e *JSONError) Error() string { return e.Problem }

// DecodeStrict decodes an object into a struct and refuses unknown keys. null is like no key. Errors are *JSONError.
func DecodeStrict(data []byte, into any) error {
	return decode(data, into, strict)
}

// DecodeLenient is DecodeStrict, but ignores unknown keys, which old clients send.
func DecodeLenient(data []byte, into any) error {
	return decode(data, into, lenient)
}

// CheckJSON checks one JSON value by the same rules. Errors are *JSONError.
func CheckJSON(data []byte) error {
	return decode(data, new(stdjson.RawMessage), lenient)
}

var (
	lenient = json.WithUnmarshalers(json.UnmarshalFromFunc(rawOrNil))
	strict  = json.JoinOptions(lenient, json.RejectUnknownMembers(true))
)

// rawOrNil keeps a raw value, but for null.
func rawOrNil(d *jsontext.Decoder, raw *stdjson.RawMessage) error {
	value, err := d.ReadValue()
	if err == nil && value.Kind() != 'n' {
		*raw = stdjson.RawMessage(value.Clone())
	}
	return err
}

func decode(data []byte, into any, options json.Options) error {
	if err := json.Unmarshal(data, into, options); err != nil {
		return describe(data, err)
	}
	if _, raw := into.(*stdjson.RawMessage); !raw && jsontext.Value(data).Kind() != '{' {
		return errNoObject // null, which Unmarshal takes for any type
	}
	if invalid, ok := errors.AsType[*matchq.InvalidError](matchq.CheckJSON("JSON", data, maxLevels)); ok {
		return &JSONError{Problem: "the JSON " + invalid.Problem}
	}
	return nil
}

var errNoObject = &JSONError{Problem: "must be a JSON object"}

// describe puts an error of the decoder into words.
func describe(data []byte, err error) *JSONError {
	var text *jsontext.SyntacticError
	var value *json.SemanticError
	switch {
	case errors.As(err, &text):
		return &JSONError{syntaxProblem(data, text), text.ByteOffset}
	case errors.As(err, &value) && value.JSONPointer == "":
		return errNoObject
	case errors.As(err, &value):
		return &JSONError{valueProblem(value), value.ByteOffset}
	default:
		return &JSONError{Problem: "not JSON: " + err.Error()}
	}
}

func syntaxProblem(data []byte, err *jsontext.SyntacticError) string {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Sprintf("duplicate key %q", Shorten(err.JSONPointer.LastToken())) + within(err.JSONPointer.Parent())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "not JSON: unexpected end"
	case err.JSONPointer == "" && startsWithValue(data):
		return "trailing data after the JSON object"
	default:
		return "not JSON: " + Shorten(err.Err.Error()) + within(err.JSONPointer)
	}
}

func startsWithValue(data []byte) bool {
	return jsontext.NewDecoder(bytes.NewBuffer(data)).SkipValue() == nil
}

func within(place jsontext.Pointer) string {
	if place == "" {
		return ""
	}
	return " in " + Shorten(string(place[1:]))
}

// valueProblem describes a value that its field can't have.
func valueProblem(err *json.SemanticError) string {
	name := Shorten(string(err.JSONPointer[1:]))
	kind := reflect.Invalid
	if err.GoType != nil {
		kind = err.GoType.Kind()
	}
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Sprintf("unknown key %q", Shorten(err.JSONPointer.LastToken())) + within(err.JSONPointer.Parent())
	case err.GoType == reflect.TypeFor[ID]():
		return name + " " + err.Err.Error()
	case kind == reflect.String:
		return name + " must be a string"
	case kind == reflect.Float64 && err.JSONKind == '0':
		return name + " must be a number from -1.8e308 to 1.8e308"
	case kind == reflect.Float64:
		return name + " must be a number"
	case kind == reflect.Int64 || kind == reflect.Int:
		return name + " must be an integer"
	case kind == reflect.Slice:
		return name + " must be an array"
	case kind == reflect.Struct:
		return name + " must be an object"
	default:
		return name + " has the wrong type"
	}
}

// maxEcho bounds text of clients that errors send back, in bytes.
const maxEcho = 64

// Shorten bounds text of a client that an error sends back.
func Shorten(text string) string {
	if len(text) > maxEcho {
		text = text[:maxEcho] + "…"
	}
	return strings.ToValidUTF8(text, "")
}
