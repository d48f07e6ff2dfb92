package ids_test

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/ids"
)

func TestIDsGoBackAsTheyCame(t *testing.T) {
	for _, text := range []string{`17`, `"17"`, `-3`, `0`, `"alice"`, `"a\"b"`, `12345678901234567890123`} {
		var id ids.ID
		if err := json.Unmarshal([]byte(text), &id); err != nil {
			t.Fatal(err)
		}
		ticket := &matchq.Ticket{Player: id.Name, Queue: "q", ReplyTo: ids.Sender{PlayerNumber: id.Number, SID: "s.1"}.ReplyTo()}
		if got, err := json.Marshal(ids.Player(ticket)); err != nil || string(got) != text {
			t.Errorf("%s came back as %s, %v", text, got, err)
		}
		if ids.Queue(ticket).Number || ids.SenderOf(ticket).SID != "s.1" {
			t.Errorf("%s: %+v", text, ids.SenderOf(ticket))
		}
	}
}

func TestForeignTickets(t *testing.T) {
	for _, replyTo := range []string{"", "nn", "nn.sid", "node-7.example", "."} {
		ticket := &matchq.Ticket{Player: "007", ReplyTo: replyTo}
		if got, err := json.Marshal(ids.Player(ticket)); err != nil || string(got) != `"007"` {
			t.Errorf("%q: %s, %v", replyTo, got, err)
		}
	}
}
