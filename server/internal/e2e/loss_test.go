package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

var rounds = flag.Int("rounds", 1, "of each fault in TestNobodyWaitsInSilence")

// ward is a client that must hear that Redis has lost a thing that the client waits for, or has, and must not hear it otherwise.
type ward struct {
	name   string
	hears  func(stop <-chan struct{}) bool // whether it hears of a loss before stop
	exists func() bool                     // whether Redis has the thing it waits for
}

// lossRound is the work of clients on two nodes.
type lossRound struct {
	t        *testing.T
	one, two *testNode
	rooms    *rooms.Rooms
	n        int
	wards    []ward
}

// heard returns what hears of a loss by a socket.
func heard(s *socket) func(<-chan struct{}) bool {
	return func(stop <-chan struct{}) bool {
		for {
			select {
			case f := <-s.frames:
				if f.text("data.reason") == quiz.Lost {
					return true
				}
			case <-stop:
				if len(s.frames) == 0 { // else it came in time
					return false
				}
			case code := <-s.closed:
				s.t.Errorf("a connection was closed with %d", code)
				return false
			}
		}
	}
}

func (r *lossRound) player(name string) string { return fmt.Sprintf("%s-%d", name, r.n) }

func (r *lossRound) ticket(id string) func() bool {
	return func() bool {
		states, err := r.one.matcher.States(r.t.Context(), id)
		return err == nil && states[0] != ""
	}
}

func (r *lossRound) room(id string) func() bool {
	return func() bool {
		exist, err := r.rooms.Exist(r.t.Context(), id)
		return err == nil && exist[0]
	}
}

func (r *lossRound) add(name string, hears func(<-chan struct{}) bool, exists func() bool) {
	r.wards = append(r.wards, ward{r.player(name), hears, exists})
}

// wait has clients wait: by a socket, by a long poll and by an event stream.
func (r *lossRound) wait(name string) {
	for i, n := range []*testNode{r.one, r.two} {
		player := fmt.Sprint(r.player(name), i)
		s := n.dial()
		r.add(fmt.Sprint(name, " by socket", i), heard(s), r.ticket(s.create(`"`+player+`"`, `"`+player+`"`)))
	}
	polled := r.one.post(r.player("polled"+name), `"`+r.player("polled"+name)+`"`).text("id")
	r.add(name+" by long poll", r.poll(polled), r.ticket(polled))
	streamed := r.one.post(r.player("streamed"+name), `"`+r.player("streamed"+name)+`"`).text("id")
	events := r.two.follow("/v1/tickets/" + streamed + "/events")
	events.state("waiting")
	r.add(name+" by stream", func(stop <-chan struct{}) bool {
		for {
			select {
			case ev, ok := <-events.events:
				if !ok {
					r.t.Error("a stream ended without a last event")
					return false
				}
				if ev.data.text("reason") == quiz.Lost {
					return true
				}
			case <-stop:
				return false
			}
		}
	}, r.ticket(streamed))
}

// poll polls a ticket for as long as a test may take to lose it, and returns what hears of the loss by that.
func (r *lossRound) poll(ticket string) func(<-chan struct{}) bool {
	answer := make(chan string, 1)
	go func() {
		got, err := http.Get(r.two.url + "/v1/tickets/" + ticket + "?wait=55s")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = got.Body.Close() }()
		text, _ := io.ReadAll(got.Body)
		answer <- string(text)
	}()
	return func(stop <-chan struct{}) bool {
		select {
		case got := <-answer:
			return strings.Contains(got, `"state":"cancelled"`) && strings.Contains(got, `"reason":"`+quiz.Lost+`"`)
		case <-stop:
			return false
		}
	}
}

// play has clients play a paced and a self-paced game, invite each other, and be matched.
func (r *lossRound) play() {
	matchqtest.Eventually(r.t, "all nodes have a lease again", func() bool {
		nodes, err := r.one.presence.Nodes(r.t.Context())
		return err == nil && len(nodes) == 3
	})
	a, b := r.one.online(`"`+r.player("a")+`"`), r.two.online(`"`+r.player("b")+`"`)
	paced := befriend(a, b, r.player("b"))
	for _, s := range []*socket{a, b} {
		s.emit("start_game", object{"roomId": paced, "questionaireId": "history", "limit": 5})
	}
	a.hears("question_started")
	b.hears("question_started")
	c, d := r.one.online(`"`+r.player("c")+`"`), r.two.online(`"`+r.player("d")+`"`)
	own := befriend(c, d, r.player("d"))
	for _, s := range []*socket{c, d} {
		s.emit("request_question", object{"roomId": own, "questionaireId": "history", "limit": 3})
		s.hears("get_match_question")
	}
	e, f := r.one.online(`"`+r.player("e")+`"`), r.two.online(`"`+r.player("f")+`"`)
	e.send(`{"event":"request_friend_game_matching","data":{"friendUserId":"` + r.player("f") + `"},"id":1}`)
	e.hears("ack")
	invited := f.hears(quiz.InvitationEvent).text("data.roomId")
	for name, s := range map[string]*socket{"a": a, "b": b} {
		r.add("paced game of "+name, heard(s), r.room(paced))
	}
	for name, s := range map[string]*socket{"c": c, "d": d} {
		r.add("self-paced game of "+name, heard(s), r.room(own))
	}
	for name, s := range map[string]*socket{"e": e, "f": f} {
		r.add("invitation of "+name, heard(s), r.room(invited))
	}
	queue := r.player("matched")
	for i, n := range []*testNode{r.one, r.two} {
		s := n.dial()
		id := s.create(`"`+queue+`"`, fmt.Sprintf(`"%s%d"`, queue, i))
		r.add(fmt.Sprint("match of ", i), heard(s), r.ticket(id))
		if i == 0 {
			continue
		}
		if _, err := n.matcher.Tick(r.t.Context(), queue); err != nil {
			r.t.Fatal(err)
		}
		s.status("MATCHED")
	}
}

// check waits until all are told whose wait is in vain, and returns how long that took, and how many were not told within
// five seconds or told falsely.
func (r *lossRound) check(returned time.Time) (took time.Duration, violations int) {
	// The second look, when calls to the old Redis can't be acknowledged any more, comes within three seconds.
	stop := make(chan struct{})
	time.AfterFunc(time.Until(returned.Add(5*time.Second)), func() { close(stop) })
	lost := make([]bool, len(r.wards))
	for i, w := range r.wards {
		lost[i] = !w.exists()
	}
	told := make([]time.Duration, len(r.wards))
	var listening sync.WaitGroup
	for i, w := range r.wards {
		listening.Go(func() {
			if w.hears(stop) {
				told[i] = max(time.Since(returned), 1)
			}
		})
	}
	listening.Wait()
	for i, w := range r.wards {
		if (told[i] > 0) != lost[i] {
			r.t.Errorf("%s: lost %v, told after %v", w.name, lost[i], told[i])
			violations++
		}
		took = max(took, told[i])
	}
	return took, violations
}

// lossFault is a way to lose acknowledged writes, or none. prepare returns the function that does it.
type lossFault struct {
	name    string
	args    []string // of redis-server
	prepare func(t *testing.T, server *matchqtest.Server) (do func())
}

func restart(_ *testing.T, server *matchqtest.Server) func() {
	return func() { server.Kill(); server.Restart() }
}

var lossFaults = []lossFault{
	{"FLUSHALL", nil, func(t *testing.T, server *matchqtest.Server) func() {
		return func() {
			if err := server.Client(t).FlushAll(t.Context()).Err(); err != nil {
				t.Error(err)
			}
		}
	}},
	{"kill -9, no persistence", nil, restart},
	{"kill -9, everysec", []string{"--appendonly", "yes", "--appendfsync", "everysec"}, restart},
	{"a stale replica", nil, func(t *testing.T, server *matchqtest.Server) func() { return server.Snapshot(t) }},
	{"connections break", nil, func(t *testing.T, server *matchqtest.Server) func() {
		return func() {
			for _, kind := range []string{"normal", "pubsub"} {
				if err := server.Client(t).ClientKillByFilter(t.Context(), "TYPE", kind, "SKIPME", "yes").Err(); err != nil {
					t.Error(err)
				}
			}
		}
	}},
}

// Whatever Redis loses, all that wait for it are told within five seconds, and nobody else is. With -rounds it prints a
// table.
func TestNobodyWaitsInSilence(t *testing.T) {
	t.Parallel()
	for _, f := range lossFaults {
		t.Run(f.name, func(t *testing.T) {
			server := matchqtest.Start(t, f.args...)
			env := &matchqtest.Env{Client: server.Client(t), URL: "redis://" + server.Addr, Namespace: "loss", Server: server}
			game := quiz.Defaults()
			game.Countdown = 30 * time.Millisecond
			r := &lossRound{t: t, rooms: rooms.New(start(t, env, "--interval", "1h").presence)}
			r.one, r.two = startGames(t, env, &game, "--interval", "1h"), startGames(t, env, &game, "--interval", "1h")
			var times []time.Duration
			violations := 0
			for r.n = range *rounds {
				r.wards = nil
				r.wait("early")
				do := f.prepare(t, server)
				r.wait("late")
				r.play()
				do()
				took, bad := r.check(time.Now())
				times, violations = append(times, took), violations+bad
			}
			slices.Sort(times)
			t.Logf("| %s | %d rounds | %d violations | the last is told after p50 %v, max %v |", f.name, len(times), violations,
				times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond))
			if report, err := r.one.matcher.Audit(t.Context()); err != nil || !report.OK() {
				t.Errorf("audit: %+v, %v", report, err)
			}
		})
	}
}
