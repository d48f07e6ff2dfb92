package rules

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Error says where rules are wrong, and what would be right.
type Error struct {
	Place   string // such as rules[2].expand.to; "" for the whole document
	Problem string
}

func (e *Error) Error() string {
	if e.Place == "" {
		return e.Problem
	}
	return e.Place + ": " + e.Problem
}

// Decode reads rules from JSON, more strictly than encoding/json: it refuses unknown fields, a field twice, text that is
// no valid Unicode and trailing data. null is like no field. The result is complete; errors are *Error.
func Decode(data []byte) (Rules, error) {
	if len(data) > MaxBytes {
		return Rules{}, &Error{"", fmt.Sprintf("must be at most %d bytes, not %d", MaxBytes, len(data))}
	}
	var r Rules
	if err := json.Unmarshal(data, &r, decoding); err != nil {
		return Rules{}, describe(err, data)
	}
	if jsontext.Value(data).Kind() != '{' {
		return Rules{}, errNoObject // null, which Unmarshal takes for any type
	}
	if err := r.resolve(); err != nil {
		return Rules{}, err
	}
	return Complete(r)
}

var errNoObject = &Error{"", `must be a JSON object, such as {"size": 2}`}

var decoding = json.JoinOptions(
	json.RejectUnknownMembers(true),
	json.WithUnmarshalers(json.UnmarshalFromFunc(decodeDuration)),
)

// zero is a duration of 0 in JSON, which says something else than a missing field.
const zero time.Duration = -3

const never = "never"

// durationError is why a text is no duration.
type durationError string

func (e durationError) Error() string { return string(e) }

// decodeDuration reads a Go duration string. resolve finds out what zero and Never mean.
func decodeDuration(d *jsontext.Decoder, into *time.Duration) error {
	if d.PeekKind() == 'n' {
		return d.SkipValue()
	}
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	parsed, err := time.ParseDuration(text)
	switch {
	case token.Kind() != '"' || err != nil && text != never:
		return durationError(`must be a duration, such as "500ms", "5s" or "1m30s"`)
	case err != nil:
		*into = Never
	case parsed == 0:
		*into = zero
	default:
		if problem := durationProblem(parsed, time.Millisecond); problem != "" {
			return durationError(problem)
		}
		*into = parsed
	}
	return nil
}

// resolve gives the durations 0 and never of a decoded document the meaning of their fields.
func (r *Rules) resolve() error {
	if r.Interval == Never {
		return &Error{"interval", `must be a duration; "0s" matches at once`}
	}
	if r.ReadyTimeout == Never {
		return &Error{"ready_timeout", `must be a duration; "0s" turns the ready check off`}
	}
	if r.Interval == zero {
		r.Interval = AtOnce
	}
	if r.TicketTTL == zero {
		r.TicketTTL = Never
	}
	if r.ReadyTimeout == zero {
		r.ReadyTimeout = 0
	}
	return nil
}

// describe puts an error of the decoder of a document into words.
func describe(err error, data []byte) *Error {
	var text *jsontext.SyntacticError
	var value *json.SemanticError
	switch {
	case errors.As(err, &value) && value.JSONPointer == "" && !errors.Is(err, json.ErrUnknownName):
		return errNoObject
	case errors.As(err, &value):
		return &Error{place(value.JSONPointer), valueProblem(value)}
	case errors.As(err, &text) && errors.Is(err, jsontext.ErrDuplicateName):
		return &Error{place(text.JSONPointer), "duplicate key; remove one"}
	case errors.As(err, &text) && errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{place(text.JSONPointer), "the JSON ends too early"}
	case errors.As(err, &text):
		return &Error{place(text.JSONPointer), fmt.Sprintf("must be JSON: %s %s", shorten(text.Err.Error()), lineOf(data, text.ByteOffset))}
	default:
		return &Error{"", "must be JSON: " + shorten(err.Error())}
	}
}

// lineOf says where an offset is, as editors count.
func lineOf(data []byte, offset int64) string {
	before := string(data[:min(max(0, offset), int64(len(data)))])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return fmt.Sprintf("at line %d, column %d", strings.Count(before, "\n")+1, utf8.RuneCountInString(line)+1)
}

// valueProblem describes a value that its field can't have.
func valueProblem(err *json.SemanticError) string {
	if problem, ok := errors.AsType[durationError](err); ok {
		return string(problem)
	}
	kind := reflect.Invalid
	if err.GoType != nil {
		kind = err.GoType.Kind()
	}
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return "unknown field; known ones are " + fieldsBeside(err.JSONPointer)
	case kind == reflect.String:
		return "must be a string"
	case kind == reflect.Float64 && err.JSONKind == '0':
		return numberProblem
	case kind == reflect.Float64:
		return "must be a number"
	case kind == reflect.Int:
		return "must be an integer"
	case kind == reflect.Slice:
		return "must be an array"
	case kind == reflect.Struct:
		return "must be an object"
	default:
		return "must be another type of value"
	}
}

// fieldsBeside lists the fields of the object that an unknown field stands in.
func fieldsBeside(unknown jsontext.Pointer) string {
	object := reflect.TypeFor[Rules]()
	for token := range unknown.Parent().Tokens() {
		switch token {
		case "expand":
			object = reflect.TypeFor[Expand]()
		case "steps":
			object = reflect.TypeFor[Step]()
		case "rules":
			object = reflect.TypeFor[Rule]()
		}
	}
	var names []string
	for field := range object.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// place writes a JSON pointer as people write paths.
func place(pointer jsontext.Pointer) string {
	var out strings.Builder
	for token := range pointer.Tokens() {
		if token != "" && strings.Trim(token, "0123456789") == "" {
			out.WriteString("[" + token + "]")
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('.')
		}
		out.WriteString(shorten(token))
	}
	return out.String()
}

// maxShown is how many bytes of a bad text an error shows.
const maxShown = 64

func shorten(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "")
	}
	return text
}
