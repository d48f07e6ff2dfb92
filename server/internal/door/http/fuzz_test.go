package httpdoor

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/matchq/matchq/matchq"
)

func FuzzLastEventID(f *testing.F) {
	for _, seed := range []string{"", "1", "0", "-1", "+1", "01", "1.0", "1e3", "99999999999999999999", " 1", "1\n", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		version, err := lastEventID(&http.Request{Header: http.Header{"Last-Event-Id": {text}}})
		if err == nil && version < 0 || err == nil && version == 0 && text != "" || err != nil && version != 0 {
			t.Errorf("%q is %d, %v", text, version, err)
		}
	})
}

// FuzzTicketID derives ids of tickets from Idempotency-Keys.
func FuzzTicketID(f *testing.F) {
	f.Add("matchq", "player a", "k", 0, "matchq", "player ", "ak", 0)
	f.Add("matchq", "key", "k", 1, "matchq", "key", "k1", 0)
	f.Add("m", "1:k", "", 0, "m1:", "k", "", 0)
	f.Fuzz(func(t *testing.T, namespace, owner, key string, attempt int, namespace2, owner2, key2 string, attempt2 int) {
		id, other := ticketID(namespace, owner, key, attempt), ticketID(namespace2, owner2, key2, attempt2)
		same := namespace == namespace2 && owner == owner2 && key == key2 && attempt == attempt2
		if (id == other) != same || len(id) > matchq.MaxID || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Errorf("%q and %q", id, other)
		}
	})
}

// FuzzSameJSON compares the attributes of a repeated request.
func FuzzSameJSON(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":1,"b":2}`, `{"b":2.0,"a":1e0}`}, {`"\u00e9"`, `"é"`}, {`9007199254740993`, `9007199254740992`}, {`[1,2]`, `[2,1]`}, {`-0`, `0`},
		{``, `null`}, {`{}`, ` { } `}, {`1e-400`, `0`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if matchq.CheckJSON("a", a, matchq.MaxDepth) != nil || matchq.CheckJSON("b", b, matchq.MaxDepth) != nil {
			return // the library refuses it before
		}
		same := sameJSON(jsontext.Value(a), jsontext.Value(b))
		if same != sameJSON(jsontext.Value(b), jsontext.Value(a)) || !sameJSON(jsontext.Value(a), jsontext.Value(a)) {
			t.Errorf("%q and %q depend on their order", a, b)
		}
		var first, second any // as readers with float64 see them
		if err := json.Unmarshal(a, &first); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &second); err != nil {
			t.Fatal(err)
		}
		if same && !reflect.DeepEqual(first, second) {
			t.Errorf("%q and %q are the same", a, b)
		}
	})
}
