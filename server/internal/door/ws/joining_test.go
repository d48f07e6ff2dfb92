package ws

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

const secret = "jwt-secret-of-thirty-two-bytes-00"

func guard(t *testing.T) *identity.Guard {
	t.Helper()
	g, err := identity.New(identity.Options{JWTSecret: secret, APIKey: "api-key-of-sixteen-bytes"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func tokenOf(t *testing.T, player string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": player, "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func wants(t *testing.T, conn *websocket.Conn, frames ...string) {
	t.Helper()
	for _, want := range frames {
		start, _, partly := strings.Cut(want, "…")
		if got := next(t, conn); got != want && !(partly && strings.HasPrefix(got, start)) {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	_, url, logged := serve(t, Options{Guard: guard(t)})
	alice, bob := tokenOf(t, "alice"), tokenOf(t, "bob")

	none := dial(t, url, "EIO=4")
	write(t, none, `40/sunapp,`)
	wants(t, none, `44/sunapp,{"message":"unauthorized","data":{"code":"unauthorized"}}`)
	write(t, none, `40/sunapp,{"token":"sesame"}`)
	wants(t, none, `44/sunapp,{"message":"unauthorized","data":{"code":"unauthorized"}}`)
	write(t, none, `40/sunapp,{"token":17}`) // clients may send any JSON
	wants(t, none, `44/sunapp,{"message":"unauthorized","data":{"code":"unauthorized"}}`)
	write(t, none, `40/sunapp,{"token":{"a":[]},"pid":7,"offset":false,"recover":"yes"}`)
	wants(t, none, `44/sunapp,{"message":"unauthorized","data":{"code":"unauthorized"}}`)
	write(t, none, `40/sunapp,{"token":"`+alice+`"}`) // now it has
	wants(t, none, `40/sunapp,{"sid":…`)
	write(t, none, `40{"token":"`+bob+`"}`)
	wants(t, none, `44{"message":"…`)
	write(t, none, `40`) // as alice
	wants(t, none, `40{"sid":…`)

	byQuery := dial(t, url, "EIO=4&token="+alice)
	write(t, byQuery, `40/sunapp,`)
	wants(t, byQuery, `40/sunapp,{"sid":…`)

	old := dial(t, url, "EIO=3")
	write(t, old, `40/sunapp?token=sesame,`)
	wants(t, old, `44/sunapp,{"code":"unauthorized"}`, `41/sunapp,`)
	write(t, old, `40/sunapp?x=1&token=`+alice+`,`)
	wants(t, old, `40/sunapp,`)

	old = dial(t, url, "EIO=3&token="+alice)
	wants(t, old, `40`)
	old = dial(t, url, "EIO=3&token=sesame")
	wants(t, old, `44{"code":"unauthorized"}`, `41`)

	for _, query := range []string{"", "?token=sesame"} {
		conn := open(t, url+"/ws"+query)
		_, _, err := conn.ReadMessage()
		if e, ok := errors.AsType[*websocket.CloseError](err); !ok || e.Code != sessions.CloseUnauthorized || e.Text == "" {
			t.Errorf("plain with %q: %v", query, err)
		}
	}
	plain := open(t, url+"/ws?token="+alice)
	write(t, plain, `{"event":"check_socket_id"}`)
	wants(t, plain, `{"event":"notify_socket_id",…`)

	polls := handshakeOf(t, url, "EIO=4&token="+alice)
	polls.post("40/sunapp,")
	polls.wants(`40/sunapp,{"sid":…`)
	for _, hidden := range []string{alice, bob, "sesame"} {
		if strings.Contains(logged.String(), hidden) {
			t.Errorf("a token is in the log: %s", logged.String())
		}
	}
}

// A client 2 for / without a token never asks to join, so the server answers when that is clear.
func TestOldClientWithoutToken(t *testing.T) {
	t.Parallel()
	_, url, _ := serve(t, Options{Guard: guard(t), Times: Times{Join: 20 * time.Millisecond}})
	conn := dial(t, url, "EIO=3")
	wants(t, conn, `44{"code":"unauthorized"}`, `41`)
	_, _, err := conn.ReadMessage()
	if !websocket.IsCloseError(err, sessions.CloseUnauthorized) {
		t.Errorf("got %v", err)
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	const missed = "5-0"
	_, url, _ := serve(t, Options{Guard: guard(t), Namespace: "ns", Resume: func(_ context.Context, s *sessions.Session, lastSeq, _ string) (bool, error) {
		switch lastSeq {
		case missed:
			s.Send("match_status", json.RawMessage(`{"missed":true}`))
			return true, nil
		case "unknown":
			return false, nil
		default:
			return false, errors.New("redis is away")
		}
	}})
	connect := func(player, extra string) string {
		conn := dial(t, url, "EIO=4")
		write(t, conn, `40/sunapp,{"token":"`+tokenOf(t, player)+`"`+extra+`}`)
		got := next(t, conn)
		_, pid, ok := strings.Cut(strings.TrimSuffix(got, `"}`), `"pid":"`)
		if !ok {
			t.Fatalf("got %s", got)
		}
		if strings.Contains(extra, `"pid":"`+pid+`"`) {
			wants(t, conn, `42/sunapp,["match_status",{"missed":true}]`) // not before the greeting
		}
		return pid
	}
	pid := connect("alice", `,"recover":true`)
	if again := connect("alice", `,"pid":"`+pid+`","offset":"`+missed+`"`); again != pid {
		t.Fatalf("recovered, but the pid is %s and was %s", again, pid)
	}
	for _, offset := range []string{"unknown", "broken", ""} {
		if again := connect("alice", `,"pid":"`+pid+`","offset":"`+offset+`"`); again == pid {
			t.Errorf("%q counts as recovered", offset)
		}
	}
	prefix, _, _ := strings.Cut(pid, ".")
	for _, made := range []string{prefix, prefix + ".5-0", prefix + ".5-0.x.y", prefix + `.5-0.a\nb.y`} {
		if again := connect("alice", `,"pid":"`+made+`","offset":"`+missed+`"`); again == made {
			t.Errorf("%q is believed", made)
		}
	}
	if bobs := connect("bob", `,"pid":"`+pid+`","offset":"`+missed+`"`); bobs == pid {
		t.Error("bob recovers alice's session")
	}
}

// Clients 4 that ask for it get the seq of a push as its last argument, and others one argument: it breaks clients in
// python and Dart. Plain frames have it as a key.
func TestSeq(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{})
	for _, c := range []struct{ path, hello, welcome, want string }{
		{"/socket.io/?transport=websocket&EIO=4", `40/sunapp,`, `40/sunapp,{"sid":…`, `42/sunapp,["x",{}]`},
		{"/socket.io/?transport=websocket&EIO=4", `40/sunapp,{"recover":false}`, `40/sunapp,{"sid":…`, `42/sunapp,["x",{}]`},
		{"/socket.io/?transport=websocket&EIO=4", `40/sunapp,{"recover":true}`, `40/sunapp,{"sid":…`, `42/sunapp,["x",{},"5-0"]`},
		{"/socket.io/?transport=websocket&EIO=4", `40/sunapp,{"pid":"p1"}`, `40/sunapp,{"sid":…`, `42/sunapp,["x",{},"5-0"]`},
		{"/socket.io/?transport=websocket&EIO=3", `40/sunapp,{"recover":true}`, `40/sunapp,`, `42/sunapp,["x",{}]`},
		{"/ws", `{"event":"check_socket_id"}`, `{"event":"notify_socket_id"…`, `{"event":"x","seq":"5-0","data":{}}`},
	} {
		conn := open(t, url+c.path)
		write(t, conn, c.hello)
		for got := ""; got != c.welcome; got = next(t, conn) {
			if start, _, partly := strings.Cut(c.welcome, "…"); partly && strings.HasPrefix(got, start) {
				break
			}
		}
		s.pushAll("x", "5-0")
		wants(t, conn, c.want)
		_ = conn.Close()
		matchqtest.Eventually(t, "the connection ends", func() bool { return s.Open() == 0 })
	}
}

// pushAll pushes an event to all connections.
func (s *Sockets) pushAll(event, seq string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for transport := range s.open {
		transport.(sessions.Transport).Push(event, seq, nil)
	}
}
