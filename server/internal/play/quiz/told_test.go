package quiz

import (
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
)

func TestTold(t *testing.T) {
	for _, c := range []struct {
		event, data, room string
		now               Standing
	}{
		{InvitationEvent, `{"roomId":"r","user1":{}}`, "r", IsInvited},
		{"created_friend_match", `{"roomId":"r"}`, "r", Playing},
		{"question_started", `{"roomId":"r","index":0}`, "r", Playing},
		{"game_over", `{"roomId":"r","results":[]}`, "r", IsOver},
		{"friend_request_declined", `{"roomId":"r"}`, "r", IsOver},
		{InvitationEvent, `{"status":"NO_FRIEND_IN_CONNECTION_QUEUE"}`, "", Unknown},
		{"match_status", `{"matchId":"m","roomId":"r","status":"MATCHED","user1":{"attributes":{"roomId":"x"}}}`, "r", InMatch},
		{"match_status", `{"status":"CANCELLED","ticketId":"t"}`, "", Unknown},
		{"game_over", `not json`, "", Unknown},
	} {
		if room, now := Told(c.event, []byte(c.data)); room != c.room || now != c.now {
			t.Errorf("%s %s: %q, %v", c.event, c.data, room, now)
		}
	}
}

func TestStandingOf(t *testing.T) {
	r := &Room{Phase: Open, Players: []Player{{ID: wire.ID{Name: "a"}}, {ID: wire.ID{Name: "b"}, Forfeited: true}}}
	for name, want := range map[string]Standing{"a": Playing, "b": IsOver, "c": Unknown} {
		if got := r.StandingOf(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	r.Phase = Invited
	if got := r.StandingOf("a"); got != IsInvited {
		t.Errorf("invited: %v", got)
	}
}

func TestLostNews(t *testing.T) {
	for was, want := range map[Standing]string{
		IsInvited: `friend_request_declined{"roomId":"r","reason":"lost"}`,
		Playing:   `game_over{"roomId":"r","results":[],"reason":"lost"}`,
		InMatch:   `game_over{"roomId":"r","results":[],"reason":"lost"}`,
	} {
		if event, data := LostNews("r", was); event+string(wire.Encode(data)) != want {
			t.Errorf("%s%s, want %s", event, wire.Encode(data), want)
		}
	}
}
