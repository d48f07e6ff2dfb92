package games

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// fast are times for tests. Those in which players must act are long, since a machine may be busy: timeIsUp and brief end
// them.
var fast = quiz.Config{
	Countdown: 20 * time.Millisecond, Question: matchqtest.Patience, Pause: 10 * time.Millisecond,
	Resend: 40 * time.Millisecond, MaxSends: 11, Grace: matchqtest.Patience, StartWait: time.Minute, TTL: time.Minute,
	KeepOver: time.Minute, ClaimTimeout: matchqtest.Patience,
}

// brief are times with a grace that ends soon.
func brief() quiz.Config {
	c := fast
	c.Grace = 300 * time.Millisecond
	return c
}

// server is a node with rooms, and its players' messages.
type server struct {
	t *testing.T
	m *matchq.Matcher
	p *presence.Presence
	*Games
	stop func()

	mu    sync.Mutex
	conns int
	here  map[string]*sessions.Session // by sid
	told  map[string][]presence.Message
}

// client is a player's end of a connection.
type client struct {
	*server

	player string
}

func (c client) Send(string, json.RawMessage) {}

func (c client) Push(event, _ string, data json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[c.player] = append(c.told[c.player], presence.Message{Event: event, Data: data})
}

func (c client) Close(int, string) {}

func serve(t *testing.T, env *matchqtest.Env, config quiz.Config) *server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	m, err := matchq.New(env.Client, matchq.Config{
		Namespace: env.Namespace, Interval: 20 * time.Millisecond, Timeout: matchqtest.Patience, Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	sets, err := questions.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := sessions.New(p, sessionsOf(config))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		t: t, m: m, p: p, Games: New(m, rooms.New(p), registry, sets, config, log),
		here: map[string]*sessions.Session{}, told: map[string][]presence.Message{},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { _ = m.Run(ctx) })
	working.Go(func() { _ = registry.Run(ctx) })
	working.Go(func() { s.Run(ctx) })
	s.stop = func() {
		cancel()
		working.Wait()
	}
	t.Cleanup(s.stop)
	matchqtest.Eventually(t, "the node is known", func() bool {
		nodes, err := p.Nodes(t.Context())
		return err == nil && slices.ContainsFunc(nodes, func(n presence.NodeInfo) bool { return n.ID == registry.NodeID() })
	})
	return s
}

// sessionsOf are the times of sessions. The lease of a node outlasts a moment in which this process has no processor.
func sessionsOf(config quiz.Config) sessions.Config {
	return sessions.Config{Grace: config.Grace, Lease: 2 * matchqtest.Patience, Timeout: matchqtest.Patience}
}

// arrive connects a player.
func (s *server) arrive(player string) quiz.Participant {
	s.t.Helper()
	return s.arriveAt(s.sessions, player)
}

// arriveAt connects a player to a registry.
func (s *server) arriveAt(registry *sessions.Registry, player string) quiz.Participant {
	s.t.Helper()
	s.mu.Lock()
	s.conns++
	sid := fmt.Sprintf("%s@%s%d", player, registry.NodeID(), s.conns)
	s.mu.Unlock()
	session := registry.Open(sid, "", identity.Identity{}, client{s, player})
	s.must(registry.Bind(s.t.Context(), session, wire.ID{Name: player}))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.here[sid] = session
	return quiz.Participant{ID: wire.ID{Name: player}, SID: sid}
}

// leave disconnects a player.
func (s *server) leave(who quiz.Participant) {
	s.t.Helper()
	s.leaveAt(s.sessions, who)
}

// leaveAt disconnects a player from a registry.
func (s *server) leaveAt(registry *sessions.Registry, who quiz.Participant) {
	s.t.Helper()
	s.mu.Lock()
	session := s.here[who.SID]
	s.mu.Unlock()
	registry.Disconnect(session)
}

// unheard is a node that tells games of no connects and disconnects.
func (s *server) unheard() *sessions.Registry {
	s.t.Helper()
	registry, err := sessions.New(s.p, sessionsOf(s.config))
	s.must(err)
	return registry
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// object is a decoded JSON object.
type object map[string]any

// hears waits for a player's next event of a kind; it drops earlier ones.
func (s *server) hears(player, event string) object {
	s.t.Helper()
	var found object
	matchqtest.Eventually(s.t, player+" hears "+event, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, msg := range s.told[player] {
			if msg.Event == event {
				s.told[player] = s.told[player][i+1:]
				if err := json.Unmarshal(msg.Data, &found); err != nil {
					s.t.Fatal(err)
				}
				return true
			}
		}
		return false
	})
	return found
}

// count returns how often a player has got an event.
func (s *server) count(player, event string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, msg := range s.told[player] {
		if msg.Event == event {
			n++
		}
	}
	return n
}

// match makes a general match and returns its room.
func (s *server) match(queue string, players ...string) string {
	s.t.Helper()
	for _, player := range players {
		if _, err := s.m.Enqueue(s.t.Context(), matchq.Request{Queue: queue, Player: player}); err != nil {
			s.t.Fatal(err)
		}
	}
	var room string
	matchqtest.Eventually(s.t, "they are matched", func() bool {
		t, err := s.m.TicketOf(s.t.Context(), players[0])
		if err == nil && t.State == matchq.Matched {
			room = t.Match.Room
		}
		return room != ""
	})
	return room
}

// timeIsUp ends the phase of a game as its clock does.
func (s *server) timeIsUp(room string) {
	s.t.Helper()
	s.must(s.change(s.t.Context(), room, func(turn *quiz.Change) error {
		turn.At = turn.Now
		return nil
	}))
}

func wantCode(t *testing.T, err error, want wire.Code) {
	t.Helper()
	if err == nil || wire.ErrorOf(err).Code != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestPacedGameOnTwoNodes(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := serve(t, env, fast), serve(t, env, fast)
		a, b := one.arrive("a"), two.arrive("b")
		room := one.match("history", "a", "b")
		sets, _ := questions.Embedded()
		order, _ := sets.Questions(t.Context(), "history", room, 8)

		for range 2 { // before the room is opened, and after
			if is, err := two.IsOver(t.Context(), room, "a"); err != nil || is {
				t.Error("the game is not over:", is, err)
			}
			one.must(one.Start(t.Context(), room, a, quiz.Wish{Limit: 3}))
		}
		two.must(two.Start(t.Context(), room, b, quiz.Wish{}))
		one.hears("a", "game_starting")
		for i := range 3 {
			q := one.hears("a", "question_started")
			two.hears("b", "question_started")
			if id := q["question"].(map[string]any)["id"]; id != order[5+i].ID.Name {
				t.Fatalf("question %d is %v, not %s", i, id, order[5+i].ID.Name)
			}
			item, right := order[5+i].ID, json.RawMessage(fmt.Sprint(order[5+i].Answer))
			if _, err := one.Answer(t.Context(), room, a, item, right); err != nil {
				t.Fatal(err)
			}
			two.hears("b", "get_answer_result")
			if i == 1 {
				two.timeIsUp(room) // b does not answer, and the clock closes it
				continue
			}
			if _, err := two.Answer(t.Context(), room, b, item, json.RawMessage(fmt.Sprint((order[5+i].Answer+1)%4))); err != nil {
				t.Fatal(err)
			}
			if closed := two.hears("b", "question_closed"); closed["answer"] != float64(order[5+i].Answer) {
				t.Errorf("%v", closed)
			}
		}
		over := one.hears("a", "game_over")
		results := over["results"].([]any)
		first, second := results[0].(map[string]any), results[1].(map[string]any)
		if over["reason"] != "finished" || first["correct"] != 3.0 || second["correct"] != 0.0 || second["answered"] != 2.0 {
			t.Errorf("%v", over)
		}
		_, err := two.Answer(t.Context(), room, b, order[6].ID, json.RawMessage("0"))
		wantCode(t, err, wire.CodeTooLate)
		if is, err := two.IsOver(t.Context(), room, "a"); err != nil || !is {
			t.Error("the game is over:", is, err)
		}
		one.must(one.Leave(t.Context(), room, a))
		two.must(two.Leave(t.Context(), room, b))
		two.must(two.Leave(t.Context(), room, b))
		wantCode(t, one.Start(t.Context(), room, a, quiz.Wish{}), wire.CodeExpired)
		if seats, err := one.rooms.Of(t.Context(), "a", every...); len(seats) > 0 || err != nil {
			t.Errorf("%v, %v", seats, err)
		}
	})
}
