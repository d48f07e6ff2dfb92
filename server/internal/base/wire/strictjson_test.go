package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

type body struct {
	ID     wire.ID         `json:"id"`
	Rating float64         `json:"rating"`
	TTL    *int64          `json:"ttl"`
	Any    json.RawMessage `json:"any"`
	Text   string          `json:"text"`
	Items  []item          `json:"items"`
}

type item struct {
	Name string `json:"name"`
}

func levels(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestStrict(t *testing.T) {
	for _, c := range []struct{ in, err string }{
		{`{"id":"a","rating":1,"ttl":2,"any":{"x":1,"X":2}}`, ""},
		{` {"id":17,"rating":null} `, ""},
		{`{}`, ""},
		{`{"text":"\ud83d\ude00\u00e9\ufffd","any":` + levels(matchq.MaxDepth) + `}`, ""},
		{`{"ID":"a"}`, `unknown key "ID"`},
		{`{"items":[{"name":"a"},{"Name":"b"}]}`, `unknown key "Name" in items/1`},
		{`{"id":"a","\u0069d":"b"}`, `duplicate key "id"`},
		{`{"any":{"x":[{"y":1,"y":2}]}}`, `duplicate key "y" in any/x/0`},
		{`{"text":"\ud800"}`, "not JSON: invalid surrogate pair `\\ud800\"}` in string in text"},
		{`{"any":["\udc00\ud800"]}`, "not JSON: invalid surrogate pair `\\udc00\\ud800` in string in any/0"},
		{"{\"text\":\"\xff\"}", "not JSON: invalid UTF-8 in text"},
		{"{\"any\":\"\xed\xa0\x80\"}", "not JSON: invalid UTF-8 in any"},
		{`{"id":1e3}`, "id must be a string or an integer"},
		{`{"id":-1.0}`, "id must be a string or an integer"},
		{`{"id":true}`, "id must be a string or an integer"},
		{`{"text":7}`, "text must be a string"},
		{`{"items":{}}`, "items must be an array"},
		{`{"items":[7]}`, "items/0 must be an object"},
		{`{"items":[{"name":[]}]}`, "items/0/name must be a string"},
		{`{"rating":[]}`, "rating must be a number"},
		{`{"rating":"5"}`, "rating must be a number"},
		{`{"rating":1e999}`, "rating must be a number from -1.8e308 to 1.8e308"},
		{`{"any":[-1e999]}`, "the JSON must have finite numbers, not -1e999"},
		{`{"any":` + levels(100) + `}`, "the JSON must be at most 36 levels deep"},
		{`{"ttl":1e30}`, "ttl must be an integer"},
		{`{"ttl":1.0}`, "ttl must be an integer"},
		{`null`, "must be a JSON object"},
		{`[]`, "must be a JSON object"},
		{`"id"`, "must be a JSON object"},
		{``, "not JSON: unexpected end"},
		{`{"id":"a"`, "not JSON: unexpected end"},
		{`{"id":"a"}}`, "trailing data after the JSON object"},
		{"\ufeff{}", `not JSON: invalid character '\ufeff' at start of value`},
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
	if err := wire.DecodeLenient([]byte(`{"id":-17,"Id":5,"more":[],"any":null}`), &b); err != nil || b.ID != (wire.ID{Name: "-17", Number: true}) || b.Any != nil {
		t.Errorf("%+v, %v", b, err)
	}
	for _, in := range []string{`{"more":["\ud800"]}`, `{"more":{"a":1,"a":1}}`, `{"more":1e999}`, `{"more":` + levels(100) + `}`, `{"more":1,"more":2}`} {
		if err := wire.DecodeLenient([]byte(in), &b); err == nil {
			t.Errorf("took %s", in)
		}
	}
}

// Errors go back to the client, so a long key must not make a long error.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	for _, in := range []string{
		`{"` + long + `":1}`, `{"` + long + `":1,"` + long + `":2}`, `{"any":{"` + long + `":1,"` + long + `":2}}`, `{"any":{"` + long + `":"\ud800"}}`,
		`{"any":1` + strings.Repeat("0", 10_000) + `}`,
	} {
		if err := wire.DecodeStrict([]byte(in), &body{}); err == nil || len(err.Error()) > 300 || !utf8.ValidString(err.Error()) {
			t.Errorf("%.60s: %v", in, err)
		}
	}
}

// A player is one player, whether the id is sent as an integer or as a string.
func TestIDs(t *testing.T) {
	for in, want := range map[string]wire.ID{
		`17`: {Name: "17", Number: true}, `"17"`: {Name: "17"}, `9007199254740993`: {Name: "9007199254740993", Number: true},
		`"\u0031\u0037"`: {Name: "17"}, `"é"`: {Name: "é"}, "\"e\u0301\"": {Name: "e\u0301"}, // looks like é, and is another
	} {
		var b body
		if err := wire.DecodeStrict([]byte(`{"id":`+in+`}`), &b); err != nil || b.ID != want {
			t.Errorf("%s: %+v, %v", in, b.ID, err)
		}
	}
}

var ticket = []byte(`{"id":"player-12345","rating":1500.5,"any":{"name":"Alice","level":12,"skills":[1,2,3],"flags":{"a":true,"b":null}},"ttl":60000}`)

func BenchmarkDecodeStrict(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := wire.DecodeStrict(ticket, new(body)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		string(ticket), `{"id":17,"items":[{"name":"a"}],"any":null}`, `{"ID":1}`, `{"id":1,"id":2}`, `{"text":"\ud800"}`, "{\"text\":\"\xff\"}", `{"any":1e999}`,
		`{"any":` + levels(40) + `}`, `{}x`, `null`, ``, `{"ttl":1.5}`, `{"rating":"1"}`, `{"text":"\ud83d\ude00"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b body
		if err := wire.DecodeStrict(data, &b); err != nil {
			if wrong, ok := err.(*wire.JSONError); !ok || wrong.Problem == "" || len(wrong.Problem) > 300 || wrong.Offset < 0 || wrong.Offset > int64(len(data)) { //nolint:errorlint // the type is the contract
				t.Errorf("%q: %#v", data, err)
			}
			return
		}
		if err := wire.DecodeLenient(data, &b); err != nil {
			t.Errorf("%q is taken strictly, and leniently not: %v", data, err)
		}
		if !utf8.ValidString(b.ID.Name + b.Text) {
			t.Errorf("%q: %+v", data, b)
		}
		var same body // encoding/json reads whatever we take, and reads the same
		if err := json.Unmarshal(data, &same); err != nil || same.ID != b.ID || same.Text != b.Text || same.Rating != b.Rating {
			t.Errorf("%q: %+v, encoding/json: %+v, %v", data, b, same, err)
		}
	})
}
