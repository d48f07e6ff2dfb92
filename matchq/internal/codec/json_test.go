package codec

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func TestCompactJSON(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		" null ":                           "null",
		`{ "a" : [ 1 , 2.50 , -0 , 1E2 ]}`: `{"a":[1,2.50,-0,1E2]}`,
		`"\u00e9\ud83d\ude00\u0000\/"`:     `"\u00e9\ud83d\ude00\u0000\/"`,
		"\"é😀\ufffd\"":                     "\"é😀\ufffd\"",
		`{"a":{"k":1},"b":{"k":1},"A":1}`:  `{"a":{"k":1},"b":{"k":1},"A":1}`,
		nested(MaxDepth):                   nested(MaxDepth),
		`1.7976931348623157e308`:           `1.7976931348623157e308`,
		`9007199254740993`:                 `9007199254740993`,
		`1e-999`:                           `1e-999`,
		`["1e999","{{","[[",-0.5E-7]`:      `["1e999","{{","[[",-0.5E-7]`,
	} {
		if got, problem := CompactJSON(json.RawMessage(in), MaxDepth*4, MaxDepth); problem != "" || got != want {
			t.Errorf("%s: got %s, %s", in, got, problem)
		}
	}
}

// Each of these is read differently by different programs, or ends some.
func TestJSONThatReadersDisagreeAbout(t *testing.T) {
	for in, want := range map[string]string{
		`"\ud800"`:                      "surrogate",
		`"\udc00\ud800"`:                "surrogate",
		`"\ud800\u0041"`:                "surrogate",
		`{"\udfff":1}`:                  "surrogate",
		"\"\xff\"":                      "UTF-8",
		"\"\xed\xa0\x80\"":              "UTF-8", // a surrogate in UTF-8
		"\"\xc0\xaf\"":                  "UTF-8", // a / of two bytes
		"\xff\xfe\"\x00":                "invalid",
		"\ufeff{}":                      "invalid",
		`{"a":1,"a":2}`:                 `duplicate`,
		`{"a":1,"\u0061":2}`:            `duplicate`,
		`[{"x":{"y":1,"z":2,"y":3}}]`:   `duplicate`,
		nested(MaxDepth + 1):            "at most 32 levels",
		strings.Repeat("[", 1<<20):      "at most 32 levels",
		`{"a":1e999}`:                   "finite numbers, not 1e999",
		`-1.8e308`:                      "finite numbers",
		`-1.8E308`:                      "finite numbers",
		`2` + strings.Repeat("0", 308):  "finite numbers",
		"1" + strings.Repeat("0", 4000): "finite numbers",
		`NaN`:                           "must be JSON",
		`01`:                            "without trailing data",
		`{}{}`:                          "without trailing data",
		`{"a"`:                          "unexpected EOF",
		` `:                             "must be JSON",
		"\"\t\"":                        "must be JSON",
		`{"` + strings.Repeat("é", 4000) + `":}`: "must be JSON",
	} {
		text, problem := CompactJSON(json.RawMessage(in), 1<<20, MaxDepth)
		if text != "" || !strings.Contains(problem, want) || len(problem) > 200 || !utf8.ValidString(problem) {
			t.Errorf("%.60q: got %q, %q, want %q", in, text, problem, want)
		}
	}
	if _, problem := CompactJSON(json.RawMessage(`[1, 2]`), 4, 1); !strings.Contains(problem, "at most 4 bytes of compact JSON, not 5") {
		t.Error(problem)
	}
}

func FuzzCompactJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,{"b":null}],"c":"\u00e9\ud83d\ude00"}`, `{"a":1,"\u0061":2}`, `"\ud800"`, "\"\xff\"", `1e999`, nested(40), `{}{}`, ` `, `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, problem := CompactJSON(data, 1<<20, MaxDepth)
		if slowly := problemByTokens(data, MaxDepth); len(data) > 0 && (problem != slowly || JSONProblem(data, MaxDepth) != slowly) {
			t.Errorf("%q: %q at first glance, %q by its tokens", data, problem, slowly)
		}
		if problem != "" || len(data) == 0 {
			return
		}
		if strings.ContainsAny(text, "\t\n\r") || !utf8.ValidString(text) || !json.Valid([]byte(text)) {
			t.Errorf("%q became %q", data, text)
		}
		if again, problem := CompactJSON(json.RawMessage(text), len(text), MaxDepth); again != text || problem != "" {
			t.Errorf("%q became %q, then %q: %s", data, text, again, problem)
		}
		var value any // as another reader reads it
		if err := json.Unmarshal(data, &value); err != nil {
			t.Errorf("%q is not read by encoding/json: %v", data, err)
		}
	})
}
