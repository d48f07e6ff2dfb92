package payload

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"testing"
	"unicode/utf8"
)

// parts lists the packets of a body, binary ones in angle brackets, and "!" for an error.
func parts(all iter.Seq2[Packet, error]) string {
	var list []string
	for p, err := range all {
		switch {
		case err != nil:
			list = append(list, "!")
		case p.Binary:
			list = append(list, "<"+string(p.Data)+">")
		default:
			list = append(list, string(p.Data))
		}
	}
	return strings.Join(list, "|")
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name string
		got  iter.Seq2[Packet, error]
		want string
	}{
		{"one packet of 4", Split4([]byte("4hello")), "4hello"},
		{"three packets of 4", Split4([]byte("4a\x1e3\x1ebAQID")), "4a|3|bAQID"},
		{"an empty body of 4", Split4(nil), ""},
		{"one packet of 3", Split3([]byte("6:4hello"), false), "4hello"},
		{"three packets of 3", Split3([]byte("6:4hello1:210:b4AQIDBA=="), false), "4hello|2|b4AQIDBA=="},
		{"lengths are not bytes", Split3([]byte("2:4€1:2"), false), "4€|2"},
		{"lengths are not characters", Split3([]byte("3:4😀1:2"), false), "4😀|2"},
		{"half a character", Split3([]byte("2:4😀"), false), "!"},
		{"a colon in a packet", Split3([]byte("4:4a:b1:2"), false), "4a:b|2"},
		{"no length", Split3([]byte("abc"), false), "!"},
		{"no digits", Split3([]byte(":4"), false), "!"},
		{"no number", Split3([]byte("1x:4"), false), "!"},
		{"a sign", Split3([]byte("-1:4"), false), "!"},
		{"too few characters", Split3([]byte("6:4hell"), false), "!"},
		{"an error after a packet", Split3([]byte("1:27"), false), "2|!"},
		{"too many digits", Split3([]byte("0000000001:2"), false), "!"},
		{"an empty body of 3", Split3(nil, false), "!"},
		{"bad text", Split3([]byte("1:\xff"), false), "!"},
		{"twice encoded", Split3([]byte("3:4Ã©"), true), "4é"},
		{"once encoded", Split3([]byte("2:4é"), true), "4é"},
		{"beyond Latin-1", Split3([]byte("2:4€"), true), "4€"},
		{"taken literally", Split3([]byte("3:4Ã©"), false), "4Ã©"},
		{"text in bytes", Split3Binary([]byte("\x00\x06\xff4hello\x00\x04\xff4€")), "4hello|4€"},
		{"bytes", Split3Binary([]byte("\x01\x05\xff\x04\x01\x02\x03\x04\x00\x01\x00\xff4123456789")), "<\x04\x01\x02\x03\x04>|4123456789"},
		{"neither text nor bytes", Split3Binary([]byte("\x02\x01\xff4")), "!"},
		{"a digit that is none", Split3Binary([]byte("\x00\x0a\xff4")), "!"},
		{"no digit", Split3Binary([]byte("\x00\xff4")), "!"},
		{"no end of the length", Split3Binary([]byte("\x00\x01")), "!"},
		{"too few bytes", Split3Binary([]byte("\x00\x02\xff4")), "!"},
		{"no bytes", Split3Binary(nil), "!"},
	} {
		if got := parts(c.got); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Splitting stops where its caller stops.
func TestSplittingCanStop(t *testing.T) {
	for _, all := range []iter.Seq2[Packet, error]{Split4([]byte("2\x1e2")), Split3([]byte("1:21:2"), false), Split3(nil, false)} {
		for range all {
			break
		}
	}
}

func TestJoinedText(t *testing.T) {
	packets := [][]byte{[]byte(`42/sunapp,["x",{"name":"é€😀"}]`), []byte("2"), []byte(`44/é,{"m":"é"}`)}
	if got := string(Join4(packets)); got != `42/sunapp,["x",{"name":"é€😀"}]`+"\x1e2\x1e"+`44/é,{"m":"é"}` {
		t.Errorf("4: %s", got)
	}
	if got := string(Join3(packets)); got != `51:42/sunapp,["x",{"name":"\u00e9\u20ac\ud83d\ude00"}]1:219:44/é,{"m":"\u00e9"}` {
		t.Errorf("3: %s", got)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"4hello\x1e2", "6:4hello2:4€3:4😀", "\x00\x06\xff4hello\x01\x02\xff\x04\x01", "3:4Ã©", "999999999:", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, all := range []iter.Seq2[Packet, error]{Split4(body), Split3(body, false), Split3(body, true), Split3Binary(body)} {
			size, failed := 0, false
			for p, err := range all {
				if failed {
					t.Fatal("a packet after an error")
				}
				failed = err != nil
				size += len(p.Data)
			}
			if size > len(body) {
				t.Fatalf("%d bytes of packets in %d", size, len(body))
			}
		}
	})
}

// Joined packets are split into the same ones, and JSON means the same.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{`["x",{"name":"é€😀"}]`, `{}`, `"\u2028"`, `["\\é"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) || !utf8.Valid(data) || bytes.IndexAny(data, `[{"`) != 0 {
			return
		}
		packet := append([]byte("42/sunapp,"), data...)
		packets := [][]byte{packet, []byte("2"), packet}
		if got := parts(Split4(Join4(packets))); !strings.Contains(string(data), "\x1e") && got != string(packet)+"|2|"+string(packet) {
			t.Fatalf("4: %q", got)
		}
		var got [][]byte
		for p, err := range Split3(Join3(packets), false) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.Data)
		}
		if len(got) != 3 || string(got[1]) != "2" || !isASCII(got[0]) {
			t.Fatalf("3: %q", got)
		}
		var sent, came any
		if json.Unmarshal(data, &sent) != nil || json.Unmarshal(bytes.TrimPrefix(got[2], []byte("42/sunapp,")), &came) != nil {
			t.Fatalf("%s is not %s", got[2], data)
		}
		a, _ := json.Marshal(sent)
		b, _ := json.Marshal(came)
		if !bytes.Equal(a, b) {
			t.Fatalf("%s is not %s", b, a)
		}
	})
}
