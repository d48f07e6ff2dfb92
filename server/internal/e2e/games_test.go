package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// fastGame are times for tests. Those in which players must act are long, since a machine may be busy.
var fastGame = quiz.Config{
	Countdown: 30 * time.Millisecond, Question: patience, Pause: 20 * time.Millisecond,
	Resend: 20 * time.Millisecond, MaxSends: 11, Grace: patience, TTL: time.Minute,
	KeepOver: time.Minute, ClaimTimeout: patience,
}

// hears returns the next frame of an event; it skips others before it.
func (s *socket) hears(event string) object {
	s.t.Helper()
	for {
		f := s.next(event)
		if f["event"] == event {
			return f
		}
		if f["event"] == "error" {
			s.t.Fatalf("got %v, want the event %s", f, event)
		}
	}
}

// emit sends an event.
func (s *socket) emit(event string, data any) {
	s.t.Helper()
	text, err := json.Marshal(map[string]any{"event": event, "data": data})
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(string(text))
}

// denied sends an event and expects an error.
func (s *socket) denied(code, event string, data any) {
	s.t.Helper()
	s.emit(event, data)
	f := s.next("error")
	for f["event"] != "error" {
		f = s.next("error")
	}
	if f.text("data.code") != code {
		s.t.Errorf("%s: got %v, want %s", event, f, code)
	}
}

// online connects a player, whose id is JSON.
func (n *testNode) online(player string) *socket {
	n.t.Helper()
	s := n.dial()
	s.send(`{"event":"connection_queue","data":{"userId":` + player + `},"id":1}`)
	s.expect("ack")
	return s
}

// befriend lets a invite b and b accept, and returns the room.
func befriend(a, b *socket, friend any) string {
	a.t.Helper()
	a.emit("request_friend_game_matching", object{"friendUserId": friend})
	room := b.hears(quiz.InvitationEvent).text("data.roomId")
	b.emit("accept_friend_request", object{"roomId": room})
	b.hears("created_friend_match")
	if got := a.hears("created_friend_match"); got.text("data.roomId") != room {
		a.t.Fatalf("%v is not of %s", got, room)
	}
	return room
}

// solution returns the right answer to a question of a set.
func solution(t *testing.T, set string, id any) int {
	t.Helper()
	sets, err := questions.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range sets[set].Questions {
		if q.ID.Name == fmt.Sprint(id) {
			return q.Answer
		}
	}
	t.Fatalf("there is no question %v in %s", id, set)
	return 0
}

// Two friends on two nodes; in the middle of the game one loses the connection and comes back by the other node.
func TestFriendsPlayOnTwoNodes(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		lasting := fastGame
		lasting.Resend = patience
		one, two := startGames(t, env, &lasting), startGames(t, env, &lasting)
		a, b := one.online("17"), two.online(`"bob"`)
		a.emit("request_friend_game_matching", object{"friendUserId": "carol"})
		if got := a.hears(quiz.InvitationEvent); got.text("data.status") != "NO_FRIEND_IN_CONNECTION_QUEUE" {
			t.Errorf("%v", got)
		}
		room := befriend(a, b, "bob")
		a.emit("start_game", object{"roomId": room, "questionaireId": "science", "limit": 3})
		b.emit("start_game", object{"roomId": room})
		a.hears("game_starting")
		b.hears("game_starting")
		for i := range 3 {
			forA, forB := a.hears("question_started"), b.hears("question_started")
			id := forA.at("data.question.id")
			if forB.at("data.question.id") != id || forA.at("data.question.answer") != nil ||
				fmt.Sprintf("%v of %v", forA.at("data.index"), forA.at("data.of")) != fmt.Sprintf("%d of 3", i) {
				t.Fatalf("%v and %v", forA, forB)
			}
			right := solution(t, "science", id)
			if i == 1 {
				_ = b.conn.Close()
				a.hears("opponent_away")
				b = one.online(`"bob"`)
				a.hears("opponent_back")
				b.emit("get_state", nil)
				if state := b.hears("state"); state.text("data.room.roomId") != room || state.at("data.room.question.id") != id {
					t.Errorf("%v", state)
				}
			}
			a.emit("send_answer", object{"roomId": room, "questionItemId": id, "answer": right})
			if got := b.hears("get_answer_result"); fmt.Sprint(got.at("data.user.id")) != "17" || got.at("data.user.answer.correct") != nil {
				t.Errorf("%v", got)
			}
			b.emit("send_answer", object{"roomId": room, "questionItemId": id, "answer": (right + 1) % 4})
			if got := b.hears("question_closed"); fmt.Sprint(got.at("data.answer")) != fmt.Sprint(right) {
				t.Errorf("%v", got)
			}
		}
		over := b.hears("game_over")
		a.hears("game_over")
		if over.text("data.reason") != "finished" ||
			fmt.Sprintf("%v %v %v", over.at("data.results.0.correct"), over.at("data.results.1.correct"), over.at("data.results.1.answered")) != "3 0 3" {
			t.Errorf("%v", over)
		}
		if over.at("data.results.0.id") != json.Number("17") || over.at("data.results.1.id") != "bob" {
			t.Errorf("ids change their type: %v", over)
		}
	})
}

// The node that served both is killed in the middle of a game: the other one continues it.
func TestAGameOutlivesItsNode(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	dying, kill := startProcess(t, env, "--grace", "3s")
	other := start(t, env, "--grace", "3s")
	a, b := dying.online(`"alice"`), dying.online(`"bob"`)
	room := befriend(a, b, "bob")
	a.emit("start_game", object{"roomId": room, "questionaireId": "korea", "limit": 1})
	b.emit("start_game", object{"roomId": room})
	a.hears("game_starting")
	kill()
	a, b = other.online(`"alice"`), other.online(`"bob"`)
	id := b.hears("question_started").at("data.question.id")
	a.emit("send_answer", object{"roomId": room, "questionItemId": id, "answer": solution(t, "korea", id)})
	b.emit("send_answer", object{"roomId": room, "questionItemId": id, "answer": solution(t, "korea", id)})
	a.hears("question_closed")
	if over := a.hears("game_over"); over.text("data.reason") != "finished" || fmt.Sprint(over.at("data.results.1.correct")) != "1" {
		t.Errorf("%v", over)
	}
}

// The old protocol: a general match, its questions, and answers at each player's own pace.
func TestSelfPacedMatch(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := startGames(t, env, &fastGame)
		a, b, stranger := n.dial(), n.dial(), n.online(`"mallory"`)
		a.create(`"history"`, "17")
		b.create(`"history"`, `"bob"`)
		matched := a.status("MATCHED")
		b.status("MATCHED")
		room := matched.text("data.roomId")
		if preview, _ := matched.at("data.question").([]any); len(preview) != 5 || matched.at("data.question.0.answer") != nil {
			t.Errorf("%v", matched)
		}
		stranger.denied("not_found", "request_question", object{"roomId": room, "questionaireId": "history", "limit": 2})
		a.emit("request_question", object{"roomId": room, "questionaireId": "history", "limit": 2})
		b.emit("request_question", object{"roomId": room, "questionaireId": "history", "limit": 2})
		forA, forB := a.hears("get_match_question"), b.hears("get_match_question")
		for i := range 2 {
			path := fmt.Sprintf("data.questions.%d.", i)
			if id := forA.at(path + "id"); id != forB.at(path+"id") || id != matched.at(fmt.Sprintf("data.question.%d.id", i)) || forA.at(path+"answer") != nil {
				t.Errorf("%v and %v", forA, forB)
			}
		}
		first := forA.at("data.questions.0.id")
		answer := object{"roomId": room, "questionItemId": first, "answer": solution(t, "history", first), "gameType": "general"}
		stranger.denied("not_found", "send_answer", answer)
		b.denied("forbidden", "send_answer", object{"userId": 17, "roomId": room, "questionItemId": first, "answer": 0})
		b.denied("wrong_mode", "start_game", object{"roomId": room})
		a.denied("invalid", "send_answer", object{"roomId": room, "questionItemId": first})
		a.emit("send_answer", answer)
		for _, s := range []*socket{a, b} {
			got := s.hears("get_answer_result")
			if got.at("data.user.answer.correct") != true || fmt.Sprint(got.at("data.user.answer.total")) != "100" || got.at("data.user.id") != json.Number("17") {
				t.Errorf("%v", got)
			}
		}
		answer["answer"] = (solution(t, "history", first) + 1) % 4
		a.emit("send_answer", answer)
		if got := a.hears("get_answer_result"); got.at("data.user.answer.correct") != true {
			t.Errorf("the first answer counts: %v", got)
		}
		b.create(`"music"`, `"bob"`) // this forfeits the game
		if over := a.hears("game_over"); over.text("data.reason") != "forfeit" || over.text("data.roomId") != room {
			t.Errorf("%v", over)
		}
		a.emit("end_game_playing", object{"roomId": room})
		a.quiet()
	})
}

func TestLateAnswersAndForfeits(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		quick := fastGame
		quick.Resend, quick.Question, quick.Pause = patience, 100*time.Millisecond, patience // the game goes on while players are told that they are late
		n := startGames(t, env, &quick)
		a, b := n.online(`"alice"`), n.online(`"bob"`)
		room := befriend(a, b, "bob")
		a.denied("invalid", "request_question", object{"roomId": room})
		a.denied("not_found", "request_question", object{"roomId": room, "questionaireId": "unheard of"})
		a.emit("start_game", object{"roomId": room, "questionaireId": "music"})
		a.emit("start_game", object{"roomId": room, "questionaireId": "music", "limit": 2})
		b.emit("start_game", object{"roomId": room})
		id := a.hears("question_started").at("data.question.id")
		a.hears("question_closed") // when the time is up
		b.denied("too_late", "send_answer", object{"roomId": room, "questionItemId": id, "answer": 0})
		b.denied("wrong_mode", "request_question", object{"roomId": room})
		a.emit("end_game_playing", object{"roomId": room})
		if over := b.hears("game_over"); over.text("data.reason") != "forfeit" {
			t.Errorf("%v", over)
		}
	})
}

func TestInvitationsEnd(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		slow := fastGame
		slow.Resend = time.Minute
		n := startGames(t, env, &slow)
		a, b, c := n.online(`"alice"`), n.online(`"bob"`), n.online(`"carol"`)
		a.denied("invalid", "request_friend_game_matching", object{"friendUserId": "alice"})
		a.emit("request_friend_game_matching", object{"friendUserId": "bob"})
		room := b.hears(quiz.InvitationEvent).text("data.roomId")
		b.denied("already_invited", "request_friend_game_matching", object{"friendUserId": "alice"})
		c.denied("not_found", "accept_friend_request", object{"roomId": room})
		a.denied("forbidden", "accept_friend_request", object{"roomId": room})
		b.emit("get_state", nil)
		if state := b.hears("state"); state.text("data.invitations.0.roomId") != room {
			t.Errorf("%v", state)
		}
		b.emit("decline_friend_request", object{"roomId": room})
		for _, s := range []*socket{a, b} {
			if got := s.hears("friend_request_declined"); got.text("data.reason") != "declined" || got.text("data.roomId") != room {
				t.Errorf("%v", got)
			}
		}
	})
}

func TestInvitationsAreSentAgain(t *testing.T) {
	t.Parallel()
	lasting := fastGame
	lasting.MaxSends = 1000
	n := startGames(t, matchqtest.Embedded(t), &lasting)
	a, b := n.online(`"alice"`), n.online(`"bob"`)
	a.emit("request_friend_game_matching", object{"friendUserId": "bob"})
	room := b.hears(quiz.InvitationEvent).text("data.roomId")
	for range 3 {
		if again := b.hears(quiz.InvitationEvent); again.text("data.roomId") != room {
			t.Errorf("%v", again)
		}
	}
}

func TestInvitationsExpire(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := startGames(t, env, &fastGame)
		a, b := n.online(`"alice"`), n.online(`"bob"`)
		a.emit("request_friend_game_matching", object{"friendUserId": "bob"})
		room := b.hears(quiz.InvitationEvent).text("data.roomId")
		for _, s := range []*socket{a, b} {
			if got := s.hears("friend_request_declined"); got.text("data.reason") != "expired" || got.text("data.roomId") != room {
				t.Errorf("%v", got)
			}
		}
		b.denied("expired", "accept_friend_request", object{"roomId": room})
	})
}

// A player who was matched since the invitation is busy; a waiting player leaves the queue.
func TestAcceptingAndQueues(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		slow := fastGame
		slow.Resend = time.Minute
		n := startGames(t, env, &slow)
		a, b, c := n.online(`"alice"`), n.online(`"bob"`), n.online(`"carol"`)
		a.emit("request_friend_game_matching", object{"friendUserId": "bob"})
		room := b.hears(quiz.InvitationEvent).text("data.roomId")
		a.create(`"q"`, `"alice"`)
		c.create(`"q"`, `"carol"`)
		a.status("MATCHED")
		b.denied("player_busy", "accept_friend_request", object{"roomId": room})

		b.create(`"alone"`, `"bob"`)
		b.emit("request_friend_game_matching", object{"friendUserId": "carol"})
		room = c.hears(quiz.InvitationEvent).text("data.roomId")
		c.emit("accept_friend_request", object{"roomId": room})
		if got := b.hears("match_status"); got.text("data.status") != "CANCELLED" || got.text("data.reason") != "friend_match" {
			t.Errorf("%v", got)
		}
		c.hears("created_friend_match")
		if held, err := rooms.New(n.presence).Of(t.Context(), "carol", quiz.SeatPlaying); err != nil || !slices.Equal(held, []string{room}) {
			t.Errorf("%v, %v", held, err)
		}
	})
}

// The rate limit counts invitations like tickets.
func TestInvitationsAreLimited(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Real(t), "--rate-limit", "2/m")
	a := n.online(`"alice"`)
	for range 2 {
		a.emit("request_friend_game_matching", object{"friendUserId": "bob"})
		a.hears(quiz.InvitationEvent)
	}
	a.denied("rate_limited", "request_friend_game_matching", object{"friendUserId": "bob"})
}
