package processes_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// These tests run servers as processes, and kill them like kill -9.

// befriend lets one player invite another to a paced game, and returns its room. Both have asked to start.
func befriend(a, b *player) (room string) {
	a.t.Helper()
	for _, p := range []*player{a, b} {
		p.send("connection_queue", "")
		p.send("check_socket_id", "")
		p.hears("notify_socket_id") // the server knows them now
	}
	a.send("request_friend_game_matching", `"friendUserId":`+b.id)
	room = b.hears("request_game_match_to_friend").Data.RoomID
	b.send("accept_friend_request", `"roomId":"`+room+`"`)
	for _, p := range []*player{a, b} {
		if got := p.hears("created_friend_match").Data.RoomID; got != room {
			a.t.Fatalf("%s got the room %s, not %s", p.id, got, room)
		}
	}
	for _, p := range []*player{a, b} {
		p.send("start_game", `"roomId":"`+room+`","questionaireId":"yesno","limit":4`)
	}
	for _, p := range []*player{a, b} {
		p.hears("game_starting")
	}
	return room
}

// answers sends an answer to a question, whose id is JSON.
func (c *player) answers(room string, question []byte, answer string) {
	c.t.Helper()
	c.send("send_answer", fmt.Sprintf(`"roomId":%q,"questionItemId":%s,"answer":%q`, room, question, answer))
}

// round lets both players answer a question, the first one rightly, and returns the scores.
func round(a, b *player, room string, index int) []score {
	a.t.Helper()
	for _, p := range []*player{a, b} {
		q := p.hears("question_started")
		if q.Data.Index != index || q.Data.Of != 4 || q.Data.RoomID != room {
			a.t.Fatalf("%s is asked %+v, want question %d", p.id, q.Data, index)
		}
		p.answers(room, idOf(p.t, q.Data.Question), map[bool]string{true: "yes", false: "no"}[p == a])
	}
	return closed(a, b)
}

// closed waits for the end of a question.
func closed(a, b *player) []score {
	a.t.Helper()
	a.hears("question_closed")
	return b.hears("question_closed").Data.Scores
}

// wantResults checks the results of a game for both players.
func wantResults(a, b *player, room string, last []score) {
	a.t.Helper()
	for _, p := range []*player{a, b} {
		over := p.hears("game_over")
		if over.Data.Reason != "finished" || over.Data.RoomID != room || len(over.Data.Results) != 2 {
			a.t.Errorf("%s hears %+v", p.id, over.Data)
			continue
		}
		first, second := over.Data.Results[0], over.Data.Results[1]
		if fmt.Sprint(first.ID) != strings.Trim(a.id, `"`) || first.Correct != 4 || first.Answered != 4 || first.Score < 400 || first.Score > 800 {
			a.t.Errorf("%s is told %+v", p.id, first)
		}
		if fmt.Sprint(second.ID) != strings.Trim(b.id, `"`) || second.Correct != 0 || second.Answered != 4 || second.Score != 0 {
			a.t.Errorf("%s is told %+v", p.id, second)
		}
		if len(last) != 2 || last[0].Score != first.Score || last[1].Score != second.Score {
			a.t.Errorf("%+v in the end, after %+v", over.Data.Results, last)
		}
	}
}

// A node is killed in the middle of a game; its player reconnects to the other node, and the game continues.
func TestGameOutlivesANode(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	grace := []string{"--grace", patience.String()} // in which alice comes back
	one, two := start(t, env, grace...), start(t, env, grace...)
	a, b := one.dial(`"alice"`), two.dial("17")
	room := befriend(a, b)
	round(a, b, room, 0)
	a.hears("question_started")
	one.kill()
	a.lost()
	q := b.hears("question_started")
	b.answers(room, idOf(t, q.Data.Question), "no")

	again := two.dial(`"alice"`)
	again.send("resume", fmt.Sprintf(`"lastSeq":%q`, a.seq))
	if got := again.hears("resumed"); !got.Data.Recovered {
		t.Errorf("got %+v", got.Data)
	}
	again.send("get_state", "")
	state := again.hears("state").Data.Room
	if state == nil || state.RoomID != room || state.Mode != "paced" || state.Index != 1 || state.Of != 4 || state.Question == nil {
		t.Fatalf("the game stands at %+v", state)
	}
	again.answers(room, idOf(t, state.Question), "yes")
	last := closed(again, b)
	for index := 2; index < 4; index++ {
		last = round(again, b, room, index)
	}
	wantResults(again, b, room, last)
}

// A node is killed in the middle of a game, and its player stays away.
func TestPlayerOfADeadNodeForfeits(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	one, two := start(t, env), start(t, env)
	a, b := one.dial(`"alice"`), two.dial("17")
	room := befriend(a, b)
	round(a, b, room, 0)
	b.hears("question_started")
	one.kill()
	killed := time.Now()
	over := b.hears("game_over")
	if over.Data.Reason != "forfeit" || over.Data.RoomID != room {
		t.Errorf("got %+v", over.Data)
	}
	if after := time.Since(killed); after < time.Second {
		t.Errorf("alice had %v to come back", after)
	}
	p := presenceOf(t, env)
	matchqtest.Eventually(t, "alice has no seat, and is nowhere", func() bool {
		online, err := p.Online(t.Context(), "alice")
		seats, err2 := rooms.New(p).Of(t.Context(), "alice")
		return err == nil && err2 == nil && online[0] == nil && len(seats) == 0
	})
	matchqtest.Eventually(t, "nothing is left of the node", func() bool {
		prefix := "{" + env.Namespace + "}:"
		sets, err := env.Client.Keys(t.Context(), prefix+"node:*").Result()
		nodes := env.Client.ZCard(t.Context(), prefix+"nodes").Val()
		infos := env.Client.HLen(t.Context(), prefix+"node_info").Val()
		players := env.Client.HLen(t.Context(), prefix+"online").Val()
		return err == nil && len(sets) == 1 && nodes == 1 && infos == 1 && players == 1
	})
}

// Players of different nodes are matched, but nobody with one whose node is dead.
func TestNobodyIsMatchedWithADeadNode(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	one, two := start(t, env), start(t, env)
	queue := func(p *player) string {
		p.send("create_general_game_match", `"questionaireId":"yesno"`)
		return p.hears("match_status").Data.TicketID
	}
	match := func(p *player) string {
		got := p.hears("match_status")
		if got.Data.Status != "MATCHED" {
			t.Fatalf("%s hears %+v", p.id, got.Data)
		}
		return got.Data.MatchID
	}
	a, b := one.dial(`"alice"`), two.dial("17")
	queue(a)
	queue(b)
	if forA, forB := match(a), match(b); forA != forB {
		t.Errorf("matched as %s and %s", forA, forB)
	}

	dead := one.dial(`"dead"`)
	id := queue(dead)
	one.kill()
	m := matcherOf(t, env)
	matchqtest.Eventually(t, "the ticket has ended", func() bool {
		got, err := m.Ticket(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.State == matchq.Cancelled && got.Reason != matchq.ReasonDisconnected {
			t.Errorf("cancelled: %s", got.Reason)
		}
		return got.State == matchq.Cancelled
	})
	c := two.dial(`"carol"`)
	queue(b)
	queue(c)
	if forB, forC := match(b), match(c); forB != forC {
		t.Errorf("matched as %s and %s", forB, forC)
	}
	report, err := m.AuditDeep(t.Context())
	if err != nil || !report.OK() || report.Matches != 2 {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// matcherOf returns a matcher on the servers' data in Redis.
func matcherOf(t *testing.T, env *matchqtest.Env) *matchq.Matcher {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{
		Namespace: env.Namespace, Interval: 40 * time.Millisecond, Timeout: patience, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// presenceOf returns the presence of a test's servers.
func presenceOf(t *testing.T, env *matchqtest.Env) *presence.Presence {
	t.Helper()
	p, err := presence.New(matcherOf(t, env), presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
