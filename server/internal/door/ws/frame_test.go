package ws

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestFrameWithAnErrorKeepsItsID(t *testing.T) {
	for in, want := range map[string]string{
		`{"event":7,"id":[1]}`:                 `[1]`,
		`{"id":5,"event":"x","data":[]}`:       `5`,
		`{"data":{}}`:                          ``,
		`{"event":"x","id":1e999}`:             ``,
		`{"event":"x","id":"\ud800"}`:          ``,
		`{"event":"x","id":1,"id":2}`:          ``,
		`{"event":"x","data":"\ud800","id":1}`: ``,
	} {
		if f, err := parseFrame([]byte(in)); err == nil || string(f.ID) != want {
			t.Errorf("%s: id %s, %v", in, f.ID, err)
		}
	}
}

func TestFrameEscapesText(t *testing.T) {
	got := outFrame{Event: "a\"\n\xff", ID: json.RawMessage(`"i"`), Seq: `\`}.encode()
	if want := `{"event":"a\"\n` + "\uFFFD" + `","id":"i","seq":"\\","data":{}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseFrame(f *testing.F) {
	for _, seed := range []string{
		`{"event":"check_socket_id"}`, `{"event":"x","data":{"a":[1,{"b":null}]},"id":[1,"2"]}`, `{"event":"x","data":null,"id":null}`,
		`{"event":7}`, `{"event":"x","event":"y"}`, `{"event":"x"} {}`, `{"data":[]}`, `[`, `{`, "", "\xff", `{"\u0065vent":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := parseFrame(data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error says nothing")
			}
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("took %q", data)
		}
		if frame.ID != nil && !json.Valid(outFrame{Event: "ack", ID: frame.ID, Data: frame.Data}.encode()) {
			t.Fatalf("%q can't be answered", data)
		}
	})
}
