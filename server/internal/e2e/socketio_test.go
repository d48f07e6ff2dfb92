package e2e_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// rawSocket is a WebSocket for tests of raw frames.
type rawSocket struct {
	t      *testing.T
	conn   *websocket.Conn
	sid    string      // the server's id of a Socket.IO connection
	frames chan string // closed with the connection
	code   int         // the close code, once frames is closed
}

func (n *testNode) dialRaw(path string) *rawSocket {
	n.t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(n.url, "http")+path, nil)
	if err != nil {
		n.t.Fatalf("dial: %v", err)
	}
	_ = answer.Body.Close()
	s := &rawSocket{t: n.t, conn: conn, frames: make(chan string, 1000)}
	go s.read()
	n.t.Cleanup(func() { _ = conn.Close() })
	return s
}

func (s *rawSocket) read() {
	defer close(s.frames)
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			s.code = websocket.CloseAbnormalClosure
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				s.code = e.Code
			}
			return
		}
		s.frames <- string(data)
	}
}

func (s *rawSocket) send(frame string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *rawSocket) sendBinary(frame string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.BinaryMessage, []byte(frame)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *rawSocket) next() string {
	s.t.Helper()
	select {
	case frame, ok := <-s.frames:
		if !ok {
			s.t.Fatalf("closed with %d", s.code)
		}
		return frame
	case <-time.After(patience):
		s.t.Fatal("no frame")
		return ""
	}
}

// expect checks the next frames. SID stands for the connection's id; "…" matches any rest.
func (s *rawSocket) expect(frames ...string) {
	s.t.Helper()
	for _, want := range frames {
		want = strings.ReplaceAll(want, "SID", s.sid)
		start, _, partly := strings.Cut(want, "…")
		if got := s.next(); got != want && !(partly && strings.HasPrefix(got, start)) {
			s.t.Fatalf("got %s, want %s", got, want)
		}
	}
}

func (s *rawSocket) expectClose(code int) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case frame, ok := <-s.frames:
			if ok {
				s.t.Fatalf("got %s, want the end", frame)
			}
			if s.code != code {
				s.t.Fatalf("closed with %d, want %d", s.code, code)
			}
			return
		case <-deadline:
			s.t.Fatal("not closed")
		}
	}
}

// dialEngine4 and dialEngine3 open a Socket.IO connection and check its handshake.
func (n *testNode) dialEngine4() *rawSocket {
	n.t.Helper()
	s := n.dialRaw("/socket.io/?EIO=4&transport=websocket")
	first := s.next()
	s.sid, _, _ = strings.Cut(strings.TrimPrefix(first, `0{"sid":"`), `"`)
	if first != `0{"sid":"`+s.sid+`","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":16384}` {
		n.t.Fatalf("got %s", first)
	}
	return s
}

func (n *testNode) dialEngine3() *rawSocket {
	n.t.Helper()
	s := n.dialRaw("/socket.io?EIO=3&transport=websocket") // no slash: that must work too
	first := s.next()
	s.sid, _, _ = strings.Cut(strings.TrimPrefix(first, `0{"sid":"`), `"`)
	if first != `0{"sid":"`+s.sid+`","upgrades":[],"pingInterval":25000,"pingTimeout":20000}` {
		n.t.Fatalf("got %s", first)
	}
	s.expect("40")
	return s
}

func TestEngine4(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.dialEngine4()
	s.send(`40/sunapp,{"token":"t1"}`)
	s.expect(`40/sunapp,{"sid":"SID"}`)
	s.send(`42/sunapp,0["check_socket_id",{}]`)
	s.expect(`42/sunapp,["notify_socket_id",{"sid":"SID"}]`, `43/sunapp,0[{"sid":"SID"}]`)
	s.send(`42["check_socket_id"]`) // not joined yet
	s.expect(`44{"message":"not connected to this namespace","data":{"code":"bad_message"}}`)
	s.send(`40`)
	s.expect(`40{"sid":"SID"}`)
	s.send(`42["check_socket_id"]`) // answers go to the request's namespace
	s.expect(`42["notify_socket_id",{"sid":"SID"}]`)
	s.send(`427["connection_queue",{"userId":17}]`)
	s.expect(`437[{}]`)
	s.send(`40/other,{}`)
	s.expect(`44/other,{"message":"Invalid namespace"}`)
	s.send(`40/sunapp,{"token":{},"pid":1}`) // without a secret no token is looked at
	s.expect(`40/sunapp,{"sid":"SID"}`)
	s.send(`2probe`)
	s.expect(`3probe`)
}

func TestEngine3(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.dialEngine3()
	s.send(`2`)
	s.expect(`3`)
	s.send(`40/sunapp?token=t1,`)
	s.expect(`40/sunapp,`)
	s.send(`42/sunapp,0["check_socket_id",{}]`)
	s.expect(`42/sunapp,["notify_socket_id",{"sid":"SID"}]`, `43/sunapp,0[{"sid":"SID"}]`)
	s.send(`420["check_socket_id",{}]`)
	s.expect(`42["notify_socket_id",{"sid":"SID"}]`, `430[{"sid":"SID"}]`)
	s.send(`40/other,`)
	s.expect(`44/other,{"code":"not_found","message":"Invalid namespace"}`, `41/other,`)
}

func TestReplacedSocketIO(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.dialEngine3()
	s.send(`40/sunapp,`)
	s.expect(`40/sunapp,`)
	s.send(`42/sunapp,["create_general_game_match",{"userId":17,"questionaireId":"q"}]`)
	s.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	other := n.dialEngine4()
	other.send(`40`)
	other.expect(`40{"sid":"SID"}`)
	other.send(`42["connection_queue",{"userId":17}]`)
	other.expect(`42["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	s.expect(`42/sunapp,["error",{"code":"replaced",…`, `41`, `41/sunapp,`)
	s.expectClose(sessions.CloseReplaced)
	// Pushes go to the namespace of the apps as soon as it is joined.
	other.send(`40/sunapp,`)
	other.expect(`40/sunapp,{"sid":"SID"}`)
	n.post("q", `18`)
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	other.expect(`42/sunapp,["match_status",{"matchId":…`)
}

func TestLeavingNamespaces(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--grace", "10ms")
	s := n.dialEngine4()
	s.send(`40/sunapp,`)
	s.expect(`40/sunapp,{"sid":"SID"}`)
	s.send(`42/sunapp,["create_general_game_match",{"userId":17,"questionaireId":"q"}]`)
	s.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	s.send(`41/sunapp,`) // the player has left, but the connection stays
	matchqtest.Eventually(t, "the ticket is given up", func() bool { return n.stats().Cancelled == 1 })
	s.send(`40/sunapp,`)
	s.expect(`40/sunapp,{"sid":"SID"}`)
	s.send(`42/sunapp,["create_general_game_match",{"userId":18,"questionaireId":"q"}]`)
	s.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	s.send(`1`)
	s.expectClose(websocket.CloseNormalClosure)
}

func TestBadPackets(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	s := n.dialEngine4()
	s.send(`40/sunapp,`)
	s.expect(`40/sunapp,{"sid":"SID"}`)
	for _, c := range []struct{ name, packet, answer string }{
		{"two arguments", `42/sunapp,["check_socket_id",{},{}]`, "one argument"},
		{"argument no object", `42/sunapp,["check_socket_id","{}"]`, "object"},
		{"argument a list", `42/sunapp,["check_socket_id",[]]`, "object"},
	} {
		s.send(c.packet)
		if got := s.next(); !strings.HasPrefix(got, `42/sunapp,["error",{"code":"bad_message","message":"`) || !strings.Contains(got, c.answer) {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
	s.send(`42/sunapp,5["check_socket_id",7]`)
	s.expect(`43/sunapp,5[{"error":{"code":"bad_message","message":"an event's argument must be a JSON object"}}]`)
	s.send(`42/sunapp,6["make_tea"]`)
	s.expect(`43/sunapp,6[{"error":{"code":"unknown_event","message":"unknown event \"make_tea\""}}]`)
	s.send(`42/sunapp,[7,{}]`) // a name may be a number
	s.expect(`42/sunapp,["error",{"code":"unknown_event","message":"unknown event \"7\""}]`)
	s.send(`43/sunapp,6[]`) // an unrequested acknowledgement
	s.send(`5`)             // nor was an upgrade begun
	s.send(`452-/sunapp,7["check_socket_id",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
	s.expect(`43/sunapp,7[{"error":{"code":"bad_message","message":"binary data is not supported: send JSON"}}]`)
	s.sendBinary("x") // both have been answered
	s.send("bAA==")
	s.send(`42/sunapp,["check_socket_id"]`)
	s.expect(`42/sunapp,["notify_socket_id",{"sid":"SID"}]`)
	s.sendBinary("x")
	s.expect(`42/sunapp,["error",{"code":"bad_message","message":"a binary message that belongs to no packet"}]`)
	s.expectClose(websocket.CloseProtocolError)

	large := n.dialEngine4()
	large.send(`40/sunapp,`)
	large.expect(`40/sunapp,{"sid":"SID"}`)
	large.send(`42/sunapp,["` + strings.Repeat("x", 16<<10) + `"]`)
	large.expectClose(websocket.CloseMessageTooBig)
}

// Refusals are as Socket.IO clients know them, and pages of allowed origins can read them.
func TestSocketIORefusals(t *testing.T) {
	t.Parallel()
	const origin = "https://play.example"
	n := start(t, matchqtest.Embedded(t), "--allowed-origin", origin)
	s := n.dialEngine4() // its published sid lets nobody in
	for _, c := range []struct {
		method, query string
		headers       []string
		answer        string
	}{
		{"GET", "", nil, `{"code":0,"message":"Transport unknown"`},
		{"GET", "?EIO=4", nil, `{"code":0,"message":"Transport unknown"`},
		{"GET", "?EIO=4&transport=jsonp", nil, `{"code":0,"message":"Transport unknown"`},
		{"GET", "?EIO=3&transport=polling&j=0", nil, `{"code":0,"message":"Transport unknown"`},
		{"GET", "?EIO=4&transport=polling&sid=" + s.sid, nil, `{"code":1,"message":"Session ID unknown"`},
		{"POST", "?EIO=4&transport=polling&sid=" + s.sid, nil, `{"code":1,"message":"Session ID unknown"`},
		{"GET", "?EIO=4&transport=websocket&sid=" + s.sid, upgrade(), `{"code":1,"message":"Session ID unknown"`},
		{"GET", "?EIO=4&transport=websocket&sid=made-up", upgrade(), `{"code":1,"message":"Session ID unknown"`},
		{"POST", "?EIO=4&transport=polling", nil, `{"code":2,"message":"Bad handshake method"`},
		{"GET", "?EIO=4&transport=websocket&token=sesame", nil, `{"code":3,"message":"Bad request"`},
		{"GET", "?EIO=2&transport=polling", nil, `{"code":5,"message":"Unsupported protocol version"`},
		{"GET", "?transport=polling", nil, `{"code":5,"message":"Unsupported protocol version"`},
		{"GET", "?EIO=5&transport=websocket", upgrade(), `{"code":5,"message":"Unsupported protocol version"`},
	} {
		got := n.want(http.StatusBadRequest, n.call(c.method, "/socket.io/"+c.query, "", append(c.headers, "Origin", origin)...))
		if !strings.HasPrefix(got.raw, c.answer) || got.text("detail") == "" {
			t.Errorf("%s %s: got %s", c.method, c.query, got.raw)
		}
		if got.header.Get("Access-Control-Allow-Origin") != origin || got.header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s %s: headers are %v", c.method, c.query, got.header)
		}
	}
	if !strings.Contains(n.log.text(), "the balancer must be sticky") {
		t.Error("nothing is logged")
	}
	n.want(http.StatusBadRequest, n.call("HEAD", "/socket.io/?EIO=4&transport=polling", "")) // it opens no session
}

// upgrade are the headers of a WebSocket's request.
func upgrade() []string {
	return []string{
		"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==",
	}
}
