package sessions_test

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// A client waits for its ticket until it is told of the end: a node may learn of a match whose news Redis then loses.
func TestTicketsUntilTold(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	s := d.Open("sid", "", identity.Identity{}, &recorder{})
	s.SetTicket("one")
	d.EndTicket("one")
	if used := d.Tickets(); used["one"] != s || len(d.Rooms()) != 0 {
		t.Errorf("before the news: %v, %v", used, d.Rooms())
	}
	s.Push(sessions.EndKey("one"), "match_status", json.RawMessage(`{"roomId":"room"}`))
	if used := d.Tickets(); len(used) != 0 {
		t.Errorf("after the news: %v", used)
	}
	s.SetTicket("two")
	d.EndTicket("two")
	s.MarkKnown(sessions.EndKey("two"))
	if used := d.Tickets(); len(used) != 0 {
		t.Errorf("after an answer: %v", used)
	}
	if ended := d.Ended(); len(ended) != 2 {
		t.Errorf("ended: %v", ended)
	}
}
