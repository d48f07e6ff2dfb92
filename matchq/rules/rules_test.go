package rules

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const whole = `{"interval":"5s", "ticket_ttl":"60s", "ready_timeout":"0s", "size":2,
 "rules":[
  {"name":"skill",  "type":"distance", "attribute":"rating", "max":50, "expand":{"by":10,"every":"1s","to":600}, "age":"youngest"},
  {"name":"recent", "type":"avoid",    "last":3, "optional_after":"30s"},
  {"name":"blocks", "type":"avoid",    "attribute":"blocked"},
  {"name":"lang",   "type":"equal",    "attribute":"lang"},
  {"name":"modes",  "type":"overlap",  "attribute":"modes"},
  {"name":"ping",   "type":"latency",  "attribute":"latency_ms", "max":80, "steps":[{"after":"20s","value":150}]}],
 "prefer":"quality",
 "policy":"rules"}`

func TestDecode(t *testing.T) {
	got, err := Decode([]byte(whole))
	want := Rules{
		Interval: 5 * time.Second, TicketTTL: time.Minute, Size: 2, Prefer: Quality, Policy: ByRules,
		Rules: []Rule{
			{Name: "skill", Type: Distance, Attribute: Rating, Max: 50, Expand: Expand{By: 10, Every: time.Second, To: 600}, Age: Youngest},
			{Name: "recent", Type: Avoid, Last: 3, OptionalAfter: 30 * time.Second},
			{Name: "blocks", Type: Avoid, Attribute: "blocked"},
			{Name: "lang", Type: Equal, Attribute: "lang"},
			{Name: "modes", Type: Overlap, Attribute: "modes"},
			{Name: "ping", Type: Latency, Attribute: "latency_ms", Max: 80, Steps: []Step{{After: 20 * time.Second, Value: 150}}},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\n%+v\nwant\n%+v", err, got, want)
	}
	if names := got.Attributes(); !reflect.DeepEqual(names, []string{"blocked", "lang", "latency_ms", "modes"}) || got.Recent() != 3 {
		t.Errorf("attributes %v, %d opponents", names, got.Recent())
	}
}

// TestTheSameMeaningHasTheSameBytes in each group of documents.
func TestTheSameMeaningHasTheSameBytes(t *testing.T) {
	seen := map[string]int{}
	for i, group := range [][]string{
		{
			`{}`, `{"interval":"5s"}`, `{"interval":"5000ms","ticket_ttl":"1m","size":2,"policy":"fifo"}`, `{"rules":[]}`,
			`{"rules":null,"size":null,"interval":null}`, `{"policy":"rules"}`, `{"prefer":"matches"}`,
		},
		{`{"interval":"0s"}`, `{"interval":"0"}`, `{"interval":"0ms","ready_timeout":"0s"}`},
		{`{"ticket_ttl":"never"}`, `{"ticket_ttl":"0s"}`},
		{
			`{"rules":[{"type":"distance","max":50}]}`, `{"rules":[{"name":"rating","type":"distance","attribute":"rating","max":5e1,"age":"oldest"}]}`,
			`{"rules":[{"type":"distance","max":50,"expand":{"by":1,"every":"1s","to":50}}]}`,
			`{"rules":[{"type":"distance","max":50,"steps":[{"after":"1s","value":50}]}],"prefer":"quality"}`,
		},
		{`{"rules":[{"type":"equal","attribute":"a","default":["x","y"]}]}`, `{"rules":[{"type":"equal","attribute":"a","default":["y","x","y"]}],"prefer":"matches"}`},
		{`{"rules":[{"type":"overlap","attribute":"a","default":"x"}]}`, `{"rules":[{"type":"overlap","attribute":"a","default":["x"]}]}`},
		{`{"rules":[{"type":"equal","attribute":"a","default":"x"}]}`, `{"rules":[{"type":"equal","attribute":"a","default":["x","x"]}]}`},
		{`{"rules":[{"type":"equal","attribute":"a","default":0}]}`, `{"rules":[{"type":"equal","attribute":"a","default":-0.0}]}`},
		{`{"rules":[{"type":"equal","attribute":"a","default":false}]}`},
		{`{"rules":[{"type":"latency","attribute":"a","max":1,"default":{"b":1,"a":2}}]}`, `{"rules":[{"type":"latency","attribute":"a","max":1,"default":{"a":2,"b":1}}]}`},
		{`{"rules":[{"type":"distance","max":50,"optional_after":"1m","age":"oldest"}]}`, `{"rules":[{"type":"distance","max":50,"optional_after":"60s","age":"oldest"}]}`},
	} {
		var first string
		for _, document := range group {
			decoded, err := Decode([]byte(document))
			if err != nil {
				t.Fatalf("%s: %v", document, err)
			}
			text, err := Encode(decoded)
			if err != nil {
				t.Fatalf("%s: %v", document, err)
			}
			if first == "" {
				first = string(text)
			}
			if string(text) != first {
				t.Errorf("%s\n is %s\n, not %s", document, text, first)
			}
		}
		if other, found := seen[first]; found {
			t.Errorf("groups %d and %d are both %s", other, i, first)
		}
		seen[first] = i
	}
}

// TestRefused has each fault with the place and the words that the error must have.
func TestRefused(t *testing.T) {
	long := `"` + strings.Repeat("x", 129) + `"`
	for document, want := range map[string]string{
		``:                                "the JSON ends too early",
		`null`:                            "must be a JSON object",
		`[]`:                              "must be a JSON object",
		`{"size":2`:                       "the JSON ends too early",
		`{"size":2} {}`:                   "must be JSON",
		`{"size":x}`:                      "must be JSON",
		`{"size":2,"size":2}`:             "size: duplicate key",
		`{"Size":2}`:                      "Size: unknown field; known ones are interval, ticket_ttl,",
		`{"size":"2"}`:                    "size: must be an integer",
		`{"size":2.5}`:                    "size: must be an integer",
		`{"size":1}`:                      "size: must be from 2 to 16, not 1",
		`{"size":17}`:                     "size: must be from 2 to 16, not 17",
		`{"interval":5}`:                  `interval: must be a duration, such as "500ms"`,
		`{"interval":"5 s"}`:              `interval: must be a duration`,
		`{"interval":"-5s"}`:              "interval: must be whole milliseconds",
		`{"interval":"-1ns"}`:             "interval: must be whole milliseconds",
		`{"interval":"1us"}`:              "interval: must be whole milliseconds",
		`{"interval":"never"}`:            `interval: must be a duration; "0s" matches at once`,
		`{"ticket_ttl":"900000h"}`:        "ticket_ttl: must be whole milliseconds from 1ms to 100 years",
		`{"ready_timeout":"99ms"}`:        "ready_timeout: must be whole milliseconds from 100ms to 100 years, or 0s",
		`{"ready_timeout":"never"}`:       `ready_timeout: must be a duration; "0s" turns`,
		`{"prefer":"speed"}`:              `prefer: must be quality or matches, not "speed"`,
		`{"policy":` + long + `}`:         "policy: must have 1 to 128 bytes",
		`{"policy":"a\u0007"}`:            "policy: must be valid Unicode without control",
		`{"policy":"a\ud800"}`:            "must be JSON",
		`{"rules":{}}`:                    "rules: must be an array",
		`{"rules":[1]}`:                   "rules[0]: must be an object",
		`{"rules":[{}]}`:                  `rules[0].type: must be distance or equal or overlap or latency or avoid, not ""`,
		`{"rules":[{"type":"near"}]}`:     `rules[0].type: must be distance or`,
		`{"rules":[{"kind":"avoid"}]}`:    "rules[0].kind: unknown field; known ones are name, type,",
		`{"rules":[{"type":"equal"}]}`:    "rules[0].attribute: must have 1 to 128 bytes",
		`{"rules":[{"type":"avoid"}]}`:    "rules[0]: needs last, or an attribute",
		`{"policy":"fifo","rules":[<E>]}`: `policy: is "fifo", which reads no rules; use "rules"`,
		`{"policy":"mine","source":"x","rules":[<E>]}`:                                                         `policy: is "mine", which reads no rules; use "rules" or remove rules (a policy of your own asks matchq.permitted)`,
		`{"rules":[<E>,<E>]}`:                                                                                  `rules[1].name: is "a", as that of rules[0]`,
		`{"rules":[` + strings.Repeat("<E>,", 16) + `<E>]}`:                                                    "rules: must be at most 16 rules, not 17",
		`{"rules":[{"type":"distance"}]}`:                                                                      "rules[0].max: must be more than 0",
		`{"rules":[{"type":"distance","max":-1}]}`:                                                             "rules[0].max: must be more than 0",
		`{"rules":[{"type":"distance","max":"50"}]}`:                                                           "rules[0].max: must be a number",
		`{"rules":[{"type":"distance","max":1e999}]}`:                                                          "rules[0].max: must be a number from",
		`{"rules":[{"type":"distance","max":2e15}]}`:                                                           "rules[0].max: must be more than 0, and at most 1e15",
		`{"rules":[{"type":"distance","max":1,"default":"x"}]}`:                                                "rules[0].default: must be a number",
		`{"rules":[<E>,{"type":"distance","max":50,"expand":{"by":1,"every":"1s","to":20}}]}`:                  "rules[1].expand.to: must be at least max (50)",
		`{"rules":[{"type":"distance","max":50,"expand":{"by":1,"every":"0s","to":90}}]}`:                      "rules[0].expand.every: must be a waiting time of more than 0s",
		`{"rules":[{"type":"distance","max":50,"expand":{"by":1,"every":"never","to":90}}]}`:                   "rules[0].expand.every: must be a waiting time",
		`{"rules":[{"type":"distance","max":50,"expand":{"every":"1s","to":90}}]}`:                             "rules[0].expand.by: must be more than 0",
		`{"rules":[{"type":"distance","max":50,"expand":{"up":1}}]}`:                                           "rules[0].expand.up: unknown field; known ones are by, every, to",
		`{"rules":[{"type":"distance","max":50,"expand":{"by":1,"every":"1s","to":90},"steps":[<S>]}]}`:        "rules[0].expand: must not be beside steps",
		`{"rules":[{"type":"distance","max":50,"steps":[{"after":"1s","value":40}]}]}`:                         "rules[0].steps[0].value: must be at least the limit before (50)",
		`{"rules":[{"type":"distance","max":50,"steps":[<S>,{"after":"1s","value":99}]}]}`:                     "rules[0].steps[1].after: must be more than that of the step before (1s)",
		`{"rules":[{"type":"distance","max":50,"steps":[{"at":"1s"}]}]}`:                                       "rules[0].steps[0].at: unknown field; known ones are after, value",
		`{"rules":[{"type":"distance","max":50,"steps":[` + strings.Repeat("<S>,", 16) + `<S>]}]}`:             "rules[0].steps: must be at most 16 steps, not 17",
		`{"rules":[{"type":"distance","max":50,"age":"mean"}]}`:                                                `rules[0].age: must be youngest or oldest, not "mean"`,
		`{"rules":[{"type":"distance","max":50,"optional_after":"0s"}]}`:                                       "rules[0].optional_after: must be a waiting time",
		`{"rules":[{"type":"equal","attribute":"a","max":1}]}`:                                                 "rules[0].max: is a field of distance and latency rules only",
		`{"rules":[{"type":"latency","attribute":"a","max":1,"expand":{"by":1}}]}`:                             "rules[0].expand: is a field of distance rules only",
		`{"rules":[{"type":"latency","attribute":"a"}]}`:                                                       "rules[0].max: must be more than 0",
		`{"rules":[{"type":"latency","attribute":"a","max":1,"default":[1]}]}`:                                 "rules[0].default: must be an object",
		`{"rules":[{"type":"latency","attribute":"a","max":1,"default":{"eu":-1}}]}`:                           "rules[0].default: must have latencies from 0",
		`{"rules":[{"type":"latency","attribute":"a","max":1,"default":{}}]}`:                                  "rules[0].default: must be an object of 1 to 32 regions",
		`{"rules":[{"type":"equal","attribute":"rating"}]}`:                                                    "rules[0].attribute: is the rating, a number: use the type distance",
		`{"rules":[{"type":"equal","attribute":"a","default":{}}]}`:                                            "rules[0].default: must be a string, a number,",
		`{"rules":[{"type":"equal","attribute":"a","default":[1]}]}`:                                           "rules[0].default: must be a string, a number,",
		`{"rules":[{"type":"overlap","attribute":"a","default":1}]}`:                                           "rules[0].default: must be a string or an array",
		`{"rules":[{"type":"overlap","attribute":"a","default":[]}]}`:                                          "rules[0].default: must have 1 to 32 elements",
		`{"rules":[{"type":"overlap","attribute":"a","default":[""]}]}`:                                        "rules[0].default: has a text that must have 1 to 128 bytes",
		`{"rules":[{"type":"avoid","attribute":"a","default":[]}]}`:                                            "rules[0].default: is a field of all rules but avoid",
		`{"rules":[{"type":"avoid","attribute":"a","last":2}]}`:                                                "rules[0].last: must not be beside attribute",
		`{"rules":[{"type":"avoid","last":9}]}`:                                                                "rules[0].last: must be from 1 to 8 opponents, not 9",
		`{"rules":[{"type":"avoid","last":-1}]}`:                                                               "rules[0].last: must be from 1 to 8 opponents",
		`{"rules":[{"type":"avoid","attribute":"rating"}]}`:                                                    "rules[0].attribute: is the rating",
		`{"rules":[{"type":"avoid","attribute":"a","age":"oldest"}]}`:                                          "rules[0].age: is a field of distance rules only",
		`{"policy":"x` + strings.Repeat(" ", MaxBytes) + `"}`:                                                  "must be at most 16384 bytes",
		`{"rules":[{"type":"equal","attribute":"a","name":"` + strings.Repeat("\u00e9", 65) + `"}]}`:           "rules[0].name: must have 1 to 128 bytes",
		`{"rules":[{"type":"equal","attribute":"a","default":"x"},{"type":"equal","attribute":"b","x~/1":1}]}`: "rules[1].x~/1: unknown field",
	} {
		document = strings.NewReplacer("<E>", `{"type":"equal","attribute":"a"}`, "<S>", `{"after":"1s","value":60}`).Replace(document)
		_, err := Decode([]byte(document))
		var fault *Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.120s:\n  %v\n  want %s", document, err, want)
		}
	}
}

// TestGoValues checks values that only a Go program can ask for.
func TestGoValues(t *testing.T) {
	of := func(rule Rule) Rules { return Rules{Rules: []Rule{rule}} }
	for want, r := range map[string]Rules{
		"interval: must":         {Interval: Never},
		"ticket_ttl: must":       {TicketTTL: AtOnce},
		"ready_timeout: must":    {ReadyTimeout: Never},
		"rules[0].max: must":     of(Rule{Type: Distance, Max: math.NaN()}),
		"expand.by: must":        of(Rule{Type: Distance, Max: 1, Expand: Expand{math.Inf(1), time.Second, 2}}),
		"expand.to: must":        of(Rule{Type: Distance, Max: 1, Expand: Expand{1, time.Second, math.NaN()}}),
		"rules[0].default: must": of(Rule{Type: Distance, Max: 1, Default: math.NaN()}),
		"rules[0].name: must":    of(Rule{Type: Equal, Name: "\xff", Attribute: "a"}),
	} {
		if _, err := Complete(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", r, err, want)
		}
	}
	given := []Rule{{Type: Distance, Max: 1, Default: 7, Steps: []Step{{time.Second, 1}, {2 * time.Second, 3}}}}
	got, err := Complete(Rules{Rules: given})
	if err != nil || got.Rules[0].Default != 7.0 || len(got.Rules[0].Steps) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if given[0].Name != "" || len(given[0].Steps) != 2 || given[0].Steps[0].Value != 1 {
		t.Errorf("Complete changed its argument: %+v", given)
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		AtOnce: "0s", Never: "never", 0: "0s", time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m",
		100 * time.Hour: "100h", 1500 * time.Millisecond: "1.5s", time.Hour + time.Second: "1h0m1s", 70 * time.Second: "1m10s",
	} {
		got := DurationText(d)
		if got != want {
			t.Errorf("%d is %s, not %s", d, got, want)
		}
		if back, err := time.ParseDuration(got); d >= 0 && (err != nil || back != d) {
			t.Errorf("%s is read as %v, %v", got, back, err)
		}
	}
}

func TestScript(t *testing.T) {
	r, err := Decode([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Script(&r)
	want := `{"size":2,"interval_ms":5000,"ttl_ms":60000,"ready_ms":0,"policy":"rules","recent":3,"decode":true,"rules":[` +
		`{"name":"skill","type":"distance","max":50,"by":10,"every_ms":1000,"to":600},` +
		`{"name":"recent","type":"avoid","last":3,"optional_ms":30000},` +
		`{"name":"blocks","type":"avoid","attribute":"blocked"},{"name":"lang","type":"equal","attribute":"lang"},` +
		`{"name":"modes","type":"overlap","attribute":"modes"},` +
		`{"name":"ping","type":"latency","attribute":"latency_ms","max":80,"steps":[[20000,150]]}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

// someRule draws a rule; not each is valid.
func someRule(t *rapid.T) Rule {
	number := rapid.OneOf(rapid.Float64Range(0.01, 1000), rapid.Float64Range(-1e16, 1e16), rapid.Just(50.0))
	wait := rapid.Map(rapid.Int64Range(0, 90_000), func(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond })
	r := Rule{
		Type:          rapid.SampledFrom([]string{Distance, Equal, Overlap, Latency, Avoid}).Draw(t, "type"),
		Name:          rapid.StringMatching(`[a-zé"\\]{0,9}`).Draw(t, "name"),
		Attribute:     rapid.SampledFrom([]string{"", "rating", "a", "b"}).Draw(t, "attribute"),
		OptionalAfter: wait.Draw(t, "optional"),
		Default:       rapid.SampledFrom([]any{nil, nil, nil, 1.5, "x", true, []string{"b", "a"}, map[string]float64{"eu": 30, "us": 5}}).Draw(t, "default"),
	}
	if r.Type == Avoid {
		r.Default, r.Last = nil, rapid.IntRange(0, 8).Draw(t, "last")
		return r
	}
	if r.Type != Distance && r.Type != Latency {
		return r
	}
	r.Max = number.Draw(t, "max")
	if rapid.Bool().Draw(t, "steps") {
		for range rapid.IntRange(1, 3).Draw(t, "n") {
			r.Steps = append(r.Steps, Step{wait.Draw(t, "after"), number.Draw(t, "value")})
		}
	} else if r.Type == Distance {
		r.Expand = Expand{number.Draw(t, "by"), wait.Draw(t, "every"), number.Draw(t, "to")}
		r.Age = rapid.SampledFrom([]string{"", Youngest, Oldest}).Draw(t, "age")
	}
	return r
}

// TestDecodeReadsWhatEncodeWrites for any rules that are right.
func TestDecodeReadsWhatEncodeWrites(t *testing.T) {
	right := 0
	rapid.Check(t, func(t *rapid.T) {
		r := Rules{
			Interval: rapid.SampledFrom([]time.Duration{0, AtOnce, time.Second}).Draw(t, "interval"),
			Size:     rapid.IntRange(0, 16).Draw(t, "size"), Prefer: rapid.SampledFrom([]string{"", Quality, Matches}).Draw(t, "prefer"),
			Rules: rapid.SliceOfN(rapid.Custom(someRule), 0, 3).Draw(t, "rules"),
		}
		complete, err := Complete(r)
		if err != nil {
			return
		}
		right++
		roundTrip(t, complete)
	})
	if right < 10 {
		t.Errorf("only %d rules were right", right)
	}
}

func roundTrip(t rapid.TB, complete Rules) {
	text, err := Encode(complete)
	if err != nil {
		t.Fatalf("%+v: %v", complete, err)
	}
	again, err := Decode(text)
	if err != nil || !reflect.DeepEqual(again, complete) {
		t.Fatalf("%s: %v\n%+v\nwant\n%+v", text, err, again, complete)
	}
	if twice, err := Encode(again); err != nil || string(twice) != string(text) {
		t.Fatalf("%s, then %s: %v", text, twice, err)
	}
	if _, err := Script(&complete); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"rules":[{"type":"latency","attribute":"p","max":1,"default":{"eu":1e3}}],"ticket_ttl":"never"}`))
	f.Add([]byte(`{"rules":[{"type":"avoid","last":8},{"type":"equal","attribute":"é","default":-0}]}`))
	examples, err := filepath.Glob("../../examples/rules/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err == nil {
			roundTrip(t, r)
			return
		}
		var fault *Error
		if !errors.As(err, &fault) || fault.Problem == "" {
			t.Fatalf("%T: %v", err, err)
		}
	})
}
