package e2e_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Like security_test.go, for connections.

// refused sends an event; the answer must be an error with this code.
func (s *socket) refused(code, frame string) {
	s.t.Helper()
	s.send(frame)
	if f := s.expect("error"); f.text("data.code") != code {
		s.t.Errorf("%s: got %v, want %s", frame, f, code)
	}
}

func TestSocketsNeedProof(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	for _, token := range []string{"", "x", tokenUntil(t, "alice", time.Now().Add(-time.Second)), adminToken, apiKey + "x"} {
		n.dialAs(token).expectClose(sessions.CloseUnauthorized)
	}
	header, answer, err := websocket.DefaultDialer.Dial("ws"+n.url[len("http"):]+"/ws", map[string][]string{"Authorization": {"Bearer " + tokenOf(t, "alice")}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	_ = header.Close()
	n.dialAs(tokenUntil(t, "alice", time.Now().Add(2*time.Second))).expectClose(sessions.CloseUnauthorized) // as it ends
}

func TestSocketOfAnotherPlayer(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded()...)
		alice, mallory := n.dialAs(tokenOf(t, "alice")), n.dialAs(tokenOf(t, "mallory"))
		alice.send(`{"event":"create_general_game_match","data":{"questionaireId":"q"}}`) // the token names the player
		id := alice.status("PUSHED_TO_QUEUE").text("data.ticketId")
		for _, frame := range []string{
			`{"event":"connection_queue","data":{"userId":"alice"}}`,
			`{"event":"create_general_game_match","data":{"userId":"alice","questionaireId":"other"}}`,
			`{"event":"cancel_request_general_match","data":{"userId":"alice"}}`,
			`{"event":"accept_match","data":{"userId":"alice","matchId":"1-0-0"}}`,
			`{"event":"decline_match","data":{"userId":"alice","matchId":"1-0-0"}}`,
		} {
			mallory.refused("forbidden", frame)
		}
		mallory.send(`{"event":"cancel_request_general_match"}`)
		if f := mallory.expect("cancel_request_general_match_status"); f.text("data.status") != "NO_PLAYER_IN_QUEUE" {
			t.Errorf("got %v", f)
		}
		n.untouched(id)
		alice.quiet() // and was not replaced
	})
}

func TestSocketAnswersAnothersMatch(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--ready-timeout", "1h", "--interval", "40ms")...)
	alice, bob, mallory := n.dialAs(tokenOf(t, "alice")), n.dialAs(tokenOf(t, "bob")), n.dialAs(tokenOf(t, "mallory"))
	for _, s := range []*socket{alice, bob} {
		s.send(`{"event":"create_general_game_match","data":{"questionaireId":"q"}}`)
		s.status("PUSHED_TO_QUEUE")
	}
	match := alice.expect("match_proposed").text("data.matchId")
	bob.expect("match_proposed")
	for _, event := range []string{"accept_match", "decline_match"} {
		mallory.refused("not_found", `{"event":"`+event+`","data":{"matchId":"`+match+`"}}`)
	}
	path := "/v1/matches/" + match
	for _, call := range []string{"/accept", "/decline"} {
		n.want(404, n.as(tokenOf(t, "mallory"), "POST", path+call, `{}`))
		n.want(403, n.as(tokenOf(t, "mallory"), "POST", path+call, `{"player":"alice"}`))
		n.want(401, n.call("POST", path+call, `{"player":"alice"}`))
	}
	n.want(404, n.as(tokenOf(t, "mallory"), "GET", path, ""))
	for _, s := range []*socket{alice, bob} {
		s.send(`{"event":"accept_match","data":{"matchId":"` + match + `"}}`)
	}
	alice.status("MATCHED")
	bob.status("MATCHED")
}

// A backend with the API key connects for anyone, but for one player a connection.
func TestSocketWithAPIKey(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--rate-limit", "1/h", "--rate-limit-address", "1/h")...)
	s := n.dialAs(apiKey)
	s.refused("invalid", `{"event":"create_general_game_match","data":{"questionaireId":"q"}}`)
	s.create(`"q"`, `"alice"`)
	s.refused("forbidden", `{"event":"create_general_game_match","data":{"userId":"bob","questionaireId":"q"}}`)
	n.dialAs(apiKey).create(`"q"`, `"bob"`) // rate limits do not apply
}

// A player has one connection, whether it has sent an event or not, and a number stays a number.
func TestProvenPlayersHaveOneConnection(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	first := n.dialAs(tokenOf(t, "17"))
	first.send(`{"event":"check_socket_id"}`)
	first.expect("notify_socket_id")
	second := n.dialAs(tokenOf(t, "17"))
	first.expectClose(sessions.CloseReplaced)
	friend := n.dialAs(tokenOf(t, "bob"))
	second.send(`{"event":"request_friend_game_matching","data":{"userId":17,"friendUserId":"bob"},"id":1}`)
	if got := friend.expect("request_game_match_to_friend").at("data.user1.id"); got != json.Number("17") {
		t.Errorf("the inviter is %#v", got)
	}
}
