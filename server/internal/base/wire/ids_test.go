package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

func TestIDsGoBackAsTheyCame(t *testing.T) {
	for _, text := range []string{`17`, `"17"`, `-3`, `0`, `"alice"`, `"a\"b"`, `12345678901234567890123`} {
		var id wire.ID
		if err := json.Unmarshal([]byte(text), &id); err != nil {
			t.Fatal(err)
		}
		ticket := &matchq.Ticket{Player: id.Name, Queue: "q", ReplyTo: wire.Origin{PlayerNumber: id.Number, SID: "s.1"}.Encode()}
		if got, err := json.Marshal(wire.PlayerID(ticket)); err != nil || string(got) != text {
			t.Errorf("%s came back as %s, %v", text, got, err)
		}
		if wire.QueueID(ticket).Number || wire.OriginOf(ticket).SID != "s.1" {
			t.Errorf("%s: %+v", text, wire.OriginOf(ticket))
		}
	}
}

func TestForeignTickets(t *testing.T) {
	for _, replyTo := range []string{"", "nn", "nn.sid", "node-7.example", "."} {
		ticket := &matchq.Ticket{Player: "007", ReplyTo: replyTo}
		if got, err := json.Marshal(wire.PlayerID(ticket)); err != nil || string(got) != `"007"` {
			t.Errorf("%q: %s, %v", replyTo, got, err)
		}
	}
}
