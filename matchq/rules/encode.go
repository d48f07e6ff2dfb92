package rules

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Encode writes rules in their canonical form: rules that mean the same have the same bytes, and Decode gives the same
// rules again. Errors are those of Complete.
func Encode(r Rules) ([]byte, error) {
	complete, err := Complete(r)
	if err != nil {
		return nil, err
	}
	return encode(&complete)
}

func encode(r *Rules) ([]byte, error) {
	data, err := json.Marshal(r, encoding)
	if err != nil {
		return nil, &Error{"", err.Error()}
	}
	return data, nil
}

var encoding = json.JoinOptions(
	json.Deterministic(true),
	json.WithMarshalers(json.MarshalToFunc(encodeDuration)),
)

func encodeDuration(e *jsontext.Encoder, d time.Duration) error {
	return e.WriteToken(jsontext.String(DurationText(d)))
}

// DurationText writes a duration as documents have it: 1m rather than 1m0s, "0s" for AtOnce, "never" for Never.
func DurationText(d time.Duration) string {
	if d == AtOnce {
		return "0s"
	}
	if d == Never {
		return never
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
