package sessions_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// A client waits for its ticket until it is told of the end: a node may learn of a match whose news Redis then loses.
func TestTicketsUntilTold(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	transport := &recorder{}
	s := d.Open("sid", "", identity.Identity{}, transport)
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
	s.SetTicket("one") // Redis is an older one, in which it waits
	s.Push("room.lost", "game_over", json.RawMessage(`{"roomId":"room"}`))
	s.Push(sessions.EndKey("one"), "match_status", json.RawMessage(`{"roomId":"room"}`)) // sent late
	s.Push(sessions.LostKey("one"), "match_status", json.RawMessage(`{"status":"CANCELLED"}`))
	if used := d.Tickets(); len(used) != 0 {
		t.Errorf("after the loss: %v", used)
	}
	s.Push(sessions.LostKey("two"), "match_status", json.RawMessage(`{"status":"CANCELLED"}`)) // told of its end by an answer
	if got := transport.got(); len(got) != 3 {
		t.Errorf("the client heard %v", got)
	}
	if ended := d.Ended(); len(ended) != 2 {
		t.Errorf("ended: %v", ended)
	}
}

// A client hears once that its ticket waits, and not after it has heard of the end. The session then uses the ticket.
func TestQueuedIsToldOnce(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	r := &recorder{}
	s := d.Open("sid", "", identity.Identity{}, r)
	queued := func(ticket string) { s.Push(sessions.QueuedKey(ticket), "queued "+ticket, nil) }
	queued("one")
	if d.Tickets()["one"] != s {
		t.Errorf("tickets in use: %v", d.Tickets())
	}
	for i := range 5 { // more than the keys that are kept
		s.Push(fmt.Sprint("key", i), "other", nil)
	}
	queued("one")
	s.Push(sessions.EndKey("two"), "ended two", nil)
	queued("two")
	want := []string{"queued one", "other", "other", "other", "other", "other", "ended two"}
	if got := r.got(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A node keeps the rooms of whose end a client was told, however many followed, and after the connection has ended.
func TestOverIsKept(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	s, _ := d.connect(t, "sid", "alice")
	var want []sessions.Over
	for i := range 20 {
		room := fmt.Sprint("friend-", i)
		s.NoteRoom(room, quiz.Playing)
		switch i % 3 {
		case 0:
			s.NoteRoom(room, quiz.IsOver)
		case 1:
			s.Push("", "game_over", json.RawMessage(`{"roomId":"`+room+`"}`))
		default:
			s.SetTicket(fmt.Sprint("ticket-", i))
		}
		want = append(want, sessions.Over{Room: room, Player: "alice"})
	}
	s.NoteRoom("friend-0", quiz.IsOver)
	s.NoteRoom("open", quiz.Playing)
	if rooms := d.Rooms(); len(rooms) != 1 || rooms[0].Room != "open" {
		t.Errorf("open: %+v", rooms)
	}
	d.Disconnect(s)
	if got := d.Over(); !slices.Equal(got, want) {
		t.Errorf("over: %v", got)
	}
}
