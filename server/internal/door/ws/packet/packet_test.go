package packet

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Packet
	}{
		{"0", Packet{Type: Connect, Namespace: "/"}},
		{"0/sunapp", Packet{Type: Connect, Namespace: "/sunapp"}},
		{"0/sunapp,", Packet{Type: Connect, Namespace: "/sunapp"}},
		{"0/sunapp?token=a.b&x=1,", Packet{Type: Connect, Namespace: "/sunapp", Query: "token=a.b&x=1"}},
		{`0/sunapp,{"token":"t1"}`, Packet{Type: Connect, Namespace: "/sunapp", Data: json.RawMessage(`{"token":"t1"}`)}},
		{"1/sunapp,", Packet{Type: Disconnect, Namespace: "/sunapp"}},
		{`2["x"]`, Packet{Type: Event, Namespace: "/", Data: json.RawMessage(`["x"]`)}},
		{`2/sunapp,0["x",{}]`, Packet{Type: Event, Namespace: "/sunapp", ID: "0", Data: json.RawMessage(`["x",{}]`)}},
		{`312[]`, Packet{Type: Ack, Namespace: "/", ID: "12", Data: json.RawMessage(`[]`)}},
		{`51-/sunapp,7["x",{"_placeholder":true,"num":0}]`, Packet{
			Type: BinaryEvent, Attachments: 1, Namespace: "/sunapp", ID: "7", Data: json.RawMessage(`["x",{"_placeholder":true,"num":0}]`),
		}},
	} {
		got, err := Parse([]byte(c.text))
		if err != nil || !same(&got, &c.want) {
			t.Errorf("%s: got %+v, %v", c.text, got, err)
		}
	}
	for _, text := range []string{
		"", "7", "x", "2{", "2[\"x\"", "2/sunapp,[\"\xff\"]", "5[]", "5-[]", "5x-[]", "51001-[]", "6-1-[]", `212345678901234567["x"]`, `2/a,b`,
		"2", "2/sunapp,", "2/sunapp,7", `2{}`, `2[]`, `2"x"`, `2[null,{}]`, `2[{},"x"]`, `2[true]`, `2abc["x"]`, `50-{}`, `0/sunapp,[]`, `0"t1"`, `0null`,
		`1/sunapp,{}`, `1[]`, `3/sunapp,0{}`, `30"x"`, `4`, `4/sunapp,{"message":"no"}`,
	} {
		if got, err := Parse([]byte(text)); err == nil {
			t.Errorf("took %q as %+v", text, got)
		}
	}
}

func same(a, b *Packet) bool {
	return a.Type == b.Type && a.Attachments == b.Attachments && a.Namespace == b.Namespace && a.Query == b.Query &&
		a.ID == b.ID && string(a.Data) == string(b.Data)
}

func TestArgs(t *testing.T) {
	for _, c := range []struct{ data, event, arg, problem string }{
		{`[7]`, "7", "", ""},
		{`[-1.5e3,{}]`, "-1.5e3", "{}", ""},
		{`["x"]`, "x", "", ""},
		{`["x",null]`, "x", "", ""},
		{` [ "x" , {"a":[1]} ] `, "x", `{"a":[1]}`, ""},
		{`["x",{},{}]`, "x", "", "one argument"},
		{`["x",[]]`, "x", "", "object"},
		{`["x","{}"]`, "x", "", "object"},
		{`["\ud800",{}]`, "", "", "data"},
		{`["x",{"a":1,"a":2}]`, "", "", "duplicate"},
	} {
		p, err := Parse([]byte("2" + c.data))
		if err != nil {
			t.Fatalf("%s: %v", c.data, err)
		}
		event, arg, err := p.Args()
		if event != c.event || string(arg) != c.arg || (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: got %q, %s, %v", c.data, event, arg, err)
		}
	}
}

func TestNew(t *testing.T) {
	for want, p := range map[string]*Packet{
		`2/sunapp,["error",{"code":"x"}]`: NewEvent("/sunapp", "error", json.RawMessage(`{"code":"x"}`)),
		`2["a\"b",{},"1-0"]`:              NewEvent("/", `a"b`, json.RawMessage(`{}`), json.RawMessage(`"1-0"`)),
		`3/sunapp,7[{}]`:                  NewAck(&Packet{Namespace: "/sunapp", ID: "7"}, json.RawMessage(`{}`)),
	} {
		if got := string(p.Append(nil)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"0", "0/sunapp,", "0/sunapp?token=t,", `0{"token":"t"}`, "1", `2["x",{}]`, `2/sunapp,0["x",{"a":1}]`, `3/sunapp,0[]`, `4"x"`,
		`51-["x",{"_placeholder":true,"num":0}]`, `61-/a,3[{}]`, "2/", "2?", "2/,", "2/?,", "\xff", `2["x"] `, "2007[]", `2[7,{}]`, `1{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			if err.Error() == "" || p.Namespace == "" {
				t.Errorf("%q: %+v, %q", text, p, err)
			}
			return
		}
		again, err := Parse(p.Append(nil))
		if err != nil || !same(&p, &again) {
			t.Fatalf("%q is %+v, but written again %+v, %v", text, p, again, err)
		}
		if p.Type != Event && p.Type != BinaryEvent {
			return
		}
		event, arg, err := p.Args()
		if err == nil && arg != nil && !json.Valid(NewEvent(p.Namespace, event, arg).Data) {
			t.Errorf("%q can't be sent back", text)
		}
	})
}
