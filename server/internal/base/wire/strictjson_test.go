package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
)

type body struct {
	ID     wire.ID         `json:"id"`
	Rating float64         `json:"rating"`
	TTL    *int64          `json:"ttl"`
	Any    json.RawMessage `json:"any"`
}

func TestStrict(t *testing.T) {
	for _, c := range []struct{ in, err string }{
		{`{"id":"a","rating":1,"ttl":2,"any":{"x":1,"x":2}}`, ""},
		{` {"id":17,"rating":null} `, ""},
		{`{}`, ""},
		{`{"ID":"a"}`, `unknown key "ID"`},
		{`{"id":"a","\u0069d":"b"}`, `duplicate key "id"`},
		{`{"id":1e3}`, "id must be a string or an integer"},
		{`{"id":-1.0}`, "id must be a string or an integer"},
		{`{"rating":[]}`, "rating must be a number"},
		{`{"ttl":1e30}`, "ttl must be an integer"},
		{`null`, "must be a JSON object"},
		{``, "not JSON: unexpected end"},
		{`{"id":"a"`, "not JSON: unexpected end"},
		{`{"id":"a"}}`, "trailing data after the JSON object"},
	} {
		got := ""
		if err := wire.DecodeStrict([]byte(c.in), &body{}); err != nil {
			got = err.Error()
		}
		if got != c.err {
			t.Errorf("%s: %q, want %q", c.in, got, c.err)
		}
	}
}

func TestLenientIgnoresWhatItDoesNotKnow(t *testing.T) {
	var b body
	if err := wire.DecodeLenient([]byte(`{"id":-17,"Id":5,"more":[]}`), &b); err != nil || b.ID != (wire.ID{Name: "-17", Number: true}) {
		t.Errorf("%+v, %v", b, err)
	}
}
