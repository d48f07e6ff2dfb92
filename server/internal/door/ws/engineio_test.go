package ws

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/turns"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/commands"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// serve makes a Sockets from options, with defaults for the others, and returns its address and its log.
func serve(t *testing.T, o Options) (s *Sockets, url string, logged *syncBuffer) {
	t.Helper()
	logged = &syncBuffer{}
	o.Log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Sessions = newRegistry(t)
	o.Commands = &commands.Handlers{Sessions: o.Sessions, Turns: turns.New(10, 10), Log: o.Log}
	o.Refuse = func(w http.ResponseWriter, _ *http.Request, f *wire.Error) { w.WriteHeader(f.Status()) }
	if o.Guard == nil {
		o.Guard = &identity.Guard{}
	}
	s = New(t.Context(), o)
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) { s.Plain(w, r, "127.0.0.1") })
	mux.HandleFunc("/socket.io/", func(w http.ResponseWriter, r *http.Request) { s.SocketIO(w, r, "127.0.0.1") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.Close(context.Background()) })
	return s, "ws" + strings.TrimPrefix(server.URL, "http"), logged
}

// newRegistry makes a registry on its own Redis.
func newRegistry(t *testing.T) *sessions.Registry {
	t.Helper()
	env := matchqtest.Embedded(t)
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := sessions.New(p, sessions.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// syncBuffer holds the text of a log.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func open(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	return conn
}

// dial opens a Socket.IO connection.
func dial(t *testing.T, url, query string) *websocket.Conn {
	t.Helper()
	conn := open(t, url+"/socket.io/?transport=websocket&"+query)
	if next(t, conn)[0] != engineOpen {
		t.Fatal("no handshake")
	}
	return conn
}

// dialTimed opens a Socket.IO connection to a server with these times.
func dialTimed(t *testing.T, version string, times Times) *websocket.Conn {
	t.Helper()
	_, url, _ := serve(t, Options{Times: times})
	return dial(t, url, "EIO="+version)
}

func next(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, data, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, conn *websocket.Conn, frame string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// closes checks that the connection ends for a reason, without a frame before.
func closes(t *testing.T, conn *websocket.Conn, reason string) {
	t.Helper()
	_, data, err := conn.ReadMessage()
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code != closeProtocol || e.Text != reason {
		t.Fatalf("got %s, %v", data, err)
	}
}

func TestServerPings(t *testing.T) {
	t.Parallel()
	conn := dialTimed(t, "4", Times{PingInterval: 20 * time.Millisecond, PingTimeout: 500 * time.Millisecond})
	write(t, conn, "40")
	next(t, conn)
	for range 5 {
		if got := next(t, conn); got != "2" {
			t.Fatalf("got %s", got)
		}
		write(t, conn, "3")
	}
	if got := next(t, conn); got != "2" {
		t.Fatalf("got %s", got)
	}
	write(t, conn, `42["check_socket_id"]`) // this does not answer the ping
	if got := next(t, conn); !strings.HasPrefix(got, `42["notify_socket_id"`) {
		t.Fatalf("got %s", got)
	}
	closes(t, conn, "no sign of life")
}

func TestClientPings(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	conn := dialTimed(t, "3", Times{PingInterval: 100 * time.Millisecond, PingTimeout: 400 * time.Millisecond})
	if got := next(t, conn); got != "40" {
		t.Fatalf("got %s", got)
	}
	for time.Since(begin) < 600*time.Millisecond { // longer than the time-out
		write(t, conn, "2")
		if got := next(t, conn); got != "3" {
			t.Fatalf("got %s", got)
		}
		<-time.After(20 * time.Millisecond) // a client's pace: faster is above the rate limit
	}
	closes(t, conn, "no sign of life")
}

func TestNoNamespace(t *testing.T) {
	t.Parallel()
	const reason = "no namespace was joined"
	times := Times{Join: 50 * time.Millisecond}
	closes(t, dialTimed(t, "4", times), reason)
	conn := dialTimed(t, "3", times)
	if got := next(t, conn); got != "40" {
		t.Fatalf("got %s", got)
	}
	write(t, conn, "40/sunapp,")
	if got := next(t, conn); got != "40/sunapp," {
		t.Fatalf("got %s", got)
	}
	write(t, conn, "41")
	write(t, conn, "41/sunapp,")
	closes(t, conn, reason)
}
