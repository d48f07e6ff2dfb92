package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestMain is the example itself in the process that the test starts.
func TestMain(m *testing.M) {
	if os.Getenv("PRESENCE_EXAMPLE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start starts a process of the example, and returns the address at which players connect.
func start(t *testing.T, redisAddr string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-addr", "127.0.0.1:0", "-redis", "redis://"+redisAddr, "-grace", grace.String())
	cmd.Env = append(os.Environ(), "PRESENCE_EXAMPLE=1")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	t.Cleanup(kill)
	return urlIn(t, out), kill
}

const grace = 500 * time.Millisecond

// startHere runs the example in the process of the test.
func startHere(t *testing.T, redisAddr string) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, in, options{"127.0.0.1:0", "redis://" + redisAddr, grace}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return urlIn(t, out)
}

// urlIn reads where players connect.
func urlIn(t *testing.T, out io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(line[strings.Index(line, "ws://"):], "alice")
	return url
}

// player is a connected client.
type player struct {
	*testing.T

	socket *websocket.Conn
}

func connect(t *testing.T, url, name string) *player {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial(url+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &player{t, socket}
}

// play asks to be queued, and waits until it is.
func (p *player) play() {
	p.Helper()
	if err := p.socket.WriteMessage(websocket.TextMessage, []byte("play")); err != nil {
		p.Fatal(err)
	}
	p.hears("waiting", "")
}

// hears waits for a message, which says something, and returns it. Earlier messages do not matter.
func (p *player) hears(event, says string) (message told) {
	p.Helper()
	for message.Event != event || !strings.Contains(string(message.Data), says) {
		_ = p.socket.SetReadDeadline(time.Now().Add(matchqtest.Patience))
		_, text, err := p.socket.ReadMessage()
		if err == nil {
			err = json.Unmarshal(text, &message)
		}
		if err != nil {
			p.Fatalf("while waiting for %s: %v", event, err)
		}
	}
	return message
}

// isReplaced waits until the connection is closed for a newer one.
func (p *player) isReplaced() {
	p.Helper()
	if _, _, err := p.socket.ReadMessage(); !websocket.IsCloseError(err, 4409) {
		p.Errorf("the older connection ended by %v", err)
	}
}

// Players of two processes play each other, a client that comes back gets missed messages, and a killed process is noticed.
func TestTwoProcesses(t *testing.T) {
	server := miniredis.RunT(t)
	one, kill := start(t, server.Addr())
	two := startHere(t, server.Addr())
	alice, bob := connect(t, one, "alice"), connect(t, two, "bob")
	alice.play()
	bob.play()
	for _, p := range []*player{alice, bob} {
		p.hears("matched", `"alice","bob"`)
	}
	again := connect(t, two, "alice&after=0-0")
	seq := again.hears("matched", `"alice","bob"`).Seq
	alice.isReplaced()
	connect(t, one, "alice&after="+seq)
	again.isReplaced()
	carol := connect(t, one, "carol")
	carol.play()

	kill()
	bob.hears("gone", `"alice"`)
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true}), matchq.Config{Namespace: "duels"})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := m.TicketOf(t.Context(), "carol")
	if err == nil && ticket.State == matchq.Waiting {
		ticket, err = m.Wait(t.Context(), ticket.ID)
	}
	if err != nil || ticket.State != matchq.Cancelled || ticket.Reason != matchq.ReasonDisconnected {
		t.Errorf("carol's ticket: %+v, %v", ticket, err)
	}
}
