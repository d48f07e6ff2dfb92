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
	r, err := sessions.New(p, sessions.Config{Timeout: matchqtest.Patience})
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
	_ = conn.SetReadDeadline(time.Now().Add(patience))
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
	if err == nil {
		t.Fatalf("got %s", data)
	}
	isClosed(t, err, reason)
}

// isClosed checks the error of a connection that the server has closed for a reason.
func isClosed(t *testing.T, err error, reason string) {
	t.Helper()
	if e, ok := errors.AsType[*websocket.CloseError](err); !ok || e.Code != closeProtocol || e.Text != reason {
		t.Fatalf("closed by %v", err)
	}
}

func TestServerPings(t *testing.T) {
	t.Parallel()
	conn := dialTimed(t, "4", Times{PingInterval: 20 * time.Millisecond, PingTimeout: patience})
	write(t, conn, "40")
	for pings := 0; pings < 6; {
		switch got := next(t, conn); {
		case got == "2":
			pings++
			write(t, conn, "3")
		case !strings.HasPrefix(got, `40{"sid":`): // which a ping may overtake
			t.Fatalf("got %s", got)
		}
	}
}

// Messages do not answer a ping, however many come.
func TestSilenceAmidMessages(t *testing.T) {
	t.Parallel()
	conn := dialTimed(t, "4", Times{PingInterval: 20 * time.Millisecond, PingTimeout: 300 * time.Millisecond, Close: patience})
	write(t, conn, "40")
	for {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`42["check_socket_id"]`)) // it may have been closed just now
		_, data, err := conn.ReadMessage()
		if err != nil {
			isClosed(t, err, "no sign of life")
			return
		}
		if got := string(data); got != "2" && !strings.HasPrefix(got, `40{"sid":`) && !strings.HasPrefix(got, `42["notify_socket_id"`) {
			t.Fatalf("got %s", got)
		}
		<-time.After(20 * time.Millisecond) // a client's pace: faster is above the rate limit
	}
}

func TestClientPings(t *testing.T) {
	t.Parallel()
	const allowed = 500 * time.Millisecond
	var conn *websocket.Conn
	matchqtest.Eventually(t, "the client pings as often as it must", func() bool {
		conn = pingsFor(t, allowed+allowed/5, allowed)
		return conn != nil
	})
	closes(t, conn, "no sign of life")
}

// pingsFor pings for a while, and returns the connection; nil if this process was too busy to ping as often as it must.
func pingsFor(t *testing.T, while, allowed time.Duration) *websocket.Conn {
	t.Helper()
	last := time.Now()
	conn := dialTimed(t, "3", Times{PingInterval: allowed / 5, PingTimeout: allowed * 4 / 5, Close: patience})
	if got := next(t, conn); got != "40" {
		t.Fatalf("got %s", got)
	}
	for begin := time.Now(); time.Since(begin) < while; {
		sent := time.Now()
		_ = conn.WriteMessage(websocket.TextMessage, []byte("2"))
		switch _, data, err := conn.ReadMessage(); {
		case err != nil && time.Since(last) >= allowed:
			return nil
		case err != nil || string(data) != "3":
			t.Fatalf("got %s, %v, %v after the last ping that was answered", data, err, time.Since(last))
		}
		last = sent
		<-time.After(20 * time.Millisecond) // a client's pace: faster is above the rate limit
	}
	return conn
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
