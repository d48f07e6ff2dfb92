package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

func FuzzID(f *testing.F) {
	for _, seed := range []string{`17`, `"17"`, `-0`, `-5`, `01`, `1e3`, `9007199254740993`, `null`, `""`, `"\u0031"`, `[]`, `"😀"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b, again body
		if wire.DecodeStrict([]byte(`{"id":`+string(data)+`}`), &b) != nil {
			return
		}
		back, err := json.Marshal(b.ID)
		if err != nil || wire.DecodeStrict([]byte(`{"id":`+string(back)+`}`), &again) != nil || again.ID != b.ID {
			t.Errorf("%q goes back as %s, %v, and is then %+v", data, back, err, again.ID)
		}
	})
}

// FuzzOrigin reads where a ticket came from. A foreign ticket may have any ReplyTo.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"ns.d0f5", "ss.", "", ".", "nn", "n.s.x", "xx.y", "ns..", "é.x"} {
		f.Add(seed, "17")
	}
	f.Fuzz(func(t *testing.T, replyTo, player string) {
		ticket := &matchq.Ticket{Player: player, Queue: player, ReplyTo: replyTo}
		origin := wire.OriginOf(ticket)
		if again := wire.OriginOf(&matchq.Ticket{ReplyTo: origin.Encode()}); again != origin {
			t.Errorf("%q is %+v, then %+v", replyTo, origin, again)
		}
		if !json.Valid(wire.Encode(wire.PlayerID(ticket))) {
			t.Errorf("%q, %q can't be sent", replyTo, player)
		}
	})
}

func FuzzShorten(f *testing.F) {
	for _, seed := range []string{"", "a", strings.Repeat("é", 40), strings.Repeat("x", 63) + "é", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if short := wire.Shorten(text); len(short) > 70 || !strings.HasPrefix(strings.ToValidUTF8(text, ""), strings.TrimSuffix(short, "…")) {
			t.Errorf("%q became %q", text, short)
		}
	})
}
