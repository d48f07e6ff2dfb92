package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// TestMain is the example itself in the processes that the test starts.
func TestMain(m *testing.M) {
	if os.Getenv("PRESENCE_EXAMPLE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is one of the example's.
type process struct {
	cmd *exec.Cmd
	url string // where players connect
}

func start(t *testing.T, redisAddr string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], "-addr", "127.0.0.1:0", "-redis", "redis://"+redisAddr, "-grace", "500ms")}
	p.cmd.Env = append(os.Environ(), "PRESENCE_EXAMPLE=1")
	p.cmd.Stderr = t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.url, _, _ = strings.Cut(line[strings.Index(line, "ws://"):], "=")
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed
}

// player is a connected client.
type player struct {
	*testing.T

	socket *websocket.Conn
}

func (p *process) connect(t *testing.T, name string) *player {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial(p.url+"="+name, nil)
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

// hears waits for a message, which says something, and returns it. What comes before it does not matter.
func (p *player) hears(event, says string) (message told) {
	p.Helper()
	for message.Event != event || !strings.Contains(string(message.Data), says) {
		_ = p.socket.SetReadDeadline(time.Now().Add(15 * time.Second))
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

// Players of two processes play each other, a client that comes back gets what it missed, and a killed process is noticed.
func TestTwoProcesses(t *testing.T) {
	server := miniredis.RunT(t)
	one, two := start(t, server.Addr()), start(t, server.Addr())
	alice, bob := one.connect(t, "alice"), two.connect(t, "bob")
	alice.play()
	bob.play()
	for _, p := range []*player{alice, bob} {
		p.hears("matched", `"alice","bob"`)
	}
	again := two.connect(t, "alice&after=0-0")
	seq := again.hears("matched", `"alice","bob"`).Seq
	alice.isReplaced()
	one.connect(t, "alice&after="+seq)
	again.isReplaced()
	carol := one.connect(t, "carol")
	carol.play()

	one.kill()
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
