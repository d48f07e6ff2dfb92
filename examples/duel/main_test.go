package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a process of the game, which ends with the test or by stop.
func start(t *testing.T, env *matchqtest.Env, grace time.Duration) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	rdb := newClient(env)
	go func() {
		err := run(ctx, in, rdb, "127.0.0.1:0", grace)
		_ = in.Close()
		_ = rdb.Close()
		ended <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it did not start: %v, %v", err, <-ended)
	}
	stopped := false
	stop = func() {
		if cancel(); !stopped {
			stopped = true
			if err := <-ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	_, url, _ = strings.Cut(strings.TrimSpace(line), " at ")
	return strings.TrimSuffix(url, "alice"), stop
}

type client struct {
	t      *testing.T
	socket *websocket.Conn
}

func dial(t *testing.T, url, player string) *client {
	t.Helper()
	socket, response, err := websocket.DefaultDialer.Dial(url+player, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = socket.Close() })
	return &client{t, socket}
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.socket.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hears expects an event next.
func (c *client) hears(event string) duel {
	c.t.Helper()
	_ = c.socket.SetReadDeadline(time.Now().Add(matchqtest.Patience))
	var said struct {
		Event string
		Data  duel
	}
	_, text, err := c.socket.ReadMessage()
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil || said.Event != event {
		c.t.Fatalf("instead of %s: %s, %v", event, text, err)
	}
	return said.Data
}

// Two players on two processes play. Each is away once, and comes back to another process, which knows all.
func TestDuel(t *testing.T) {
	env := matchqtest.Embedded(t)
	one, stopOne := start(t, env, time.Minute)
	two, _ := start(t, env, time.Minute)
	alice, bob := dial(t, one, "alice"), dial(t, two, "bob")
	alice.say(`{"play":true}`)
	bob.say(`{"play":true}`)
	bob.hears("begin")
	if d := alice.hears("begin"); strings.Join(d.Players, " ") != "alice bob" && strings.Join(d.Players, " ") != "bob alice" {
		t.Errorf("alice is in %+v", d)
	}
	alice.say(`{"move":"rock"}`)
	alice.hears("moved")
	if d := bob.hears("moved"); d.Moves != nil {
		t.Errorf("bob knows of %+v", d)
	}
	bob.say(`{"move":"rock"}`)
	alice.hears("draw")
	bob.hears("draw")
	alice.say(`{"move":"paper"}`)
	alice.hears("moved")
	bob.hears("moved")

	stopOne() // say, for a new version
	alice = dial(t, two, "alice")
	if d := alice.hears("begin"); len(d.Players) != 2 || d.Moves["alice"] != "paper" {
		t.Errorf("alice came back to %+v", d)
	}
	bob.say(`{"move":"rock"}`)
	if d := bob.hears("over"); d.Winner != "alice" || d.Moves["alice"] != "paper" || d.Left != "" {
		t.Errorf("bob heard %+v", d)
	}
	alice.hears("over")
	bob.socket.Close()
	if d := dial(t, two, "bob").hears("over"); d.Winner != "alice" {
		t.Errorf("bob came back to %+v", d)
	}
	alice.say(`{"play":true}`)
	carol := dial(t, two, "carol")
	carol.say(`{"play":true}`)
	alice.hears("begin")
	carol.hears("begin")
}

// A player who does not come back loses, and one who waits keeps the place in line by coming back.
func TestPlayersLeave(t *testing.T) {
	env := matchqtest.Embedded(t)
	url, _ := start(t, env, 300*time.Millisecond)
	early := dial(t, url, "alice")
	early.say(`{"play":true}`)
	matchqtest.Eventually(t, "alice waits", func() bool { return env.Embedded.HGet("{duel}:players", "alice") != "" })
	alice := dial(t, url, "alice") // replaces the early connection
	if _, text, err := early.socket.ReadMessage(); err == nil {
		t.Errorf("the early connection heard %s", text)
	}
	bob := dial(t, url, "bob")
	bob.say(`{"play":true}`)
	bob.hears("begin")
	alice.hears("begin")
	bob.socket.Close()
	if d := alice.hears("over"); d.Winner != "alice" || d.Left != "bob" {
		t.Errorf("alice heard %+v", d)
	}
}

func newClient(env *matchqtest.Env) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: env.Embedded.Addr(), ContextTimeoutEnabled: true})
}
