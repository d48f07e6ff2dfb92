package logs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"github.com/matchq/matchq/server/internal/base/logs"
)

// hostile are names that forge lines, steer terminals or turn text around.
var hostile = []string{
	"a\nlevel=ERROR msg=forged", "\x1b[31mred\x1b]0;title\x07", "a\x7fb", "\u009b31m", "\u0085next", "\u202eevil", "\u2066x\u2069", "a\u2028b\u2029c",
	"\u200f\u061c\u200b\ufeff", "\U000e0041\U000e007f", "\r\x00\t\\\"", "\xff\xfe",
}

func TestNoRecordHoldsWhatCantBePrinted(t *testing.T) {
	for _, text := range []bool{false, true} {
		for _, name := range hostile {
			var out bytes.Buffer
			logs.New(&out, text, slog.LevelInfo).With("with", name).WithGroup("g").
				Info("told "+name, "name", name, "error", errors.New(name), "list", []string{name}, name, 1)
			line, ended := strings.CutSuffix(out.String(), "\n")
			if !ended || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) {
				t.Errorf("%q: %q", name, line)
			}
		}
	}
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	for _, name := range append(hostile, "😀 é 한", `a\u202e`) {
		var out bytes.Buffer
		logs.New(&out, false, slog.LevelInfo).Info(name, "name", name)
		var record struct{ Msg, Name string }
		if err := json.Unmarshal(out.Bytes(), &record); err != nil {
			t.Fatalf("%q: %v", out.String(), err)
		}
		if want := strings.ToValidUTF8(name, "\ufffd"); !strings.HasPrefix(want, "\ufffd") && (record.Msg != want || record.Name != want) {
			t.Errorf("%q became %+v", want, record)
		}
	}
}

func TestLevelAndErrors(t *testing.T) {
	var out bytes.Buffer
	logs.New(&out, false, slog.LevelWarn).Info("quiet")
	if out.Len() > 0 {
		t.Errorf("got %s", &out)
	}
	err := logs.New(broken{}, false, slog.LevelInfo).Handler().Handle(t.Context(), slog.Record{Message: "\u202e"})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func BenchmarkJSON(b *testing.B) {
	log := logs.New(new(nowhere), false, slog.LevelInfo)
	b.ReportAllocs()
	for b.Loop() {
		log.Info("operator action", "action", "pause", "queue", "history", "address", "127.0.0.1", "by", "session")
	}
}

type nowhere struct{}

func (*nowhere) Write(p []byte) (int, error) { return len(p), nil }
