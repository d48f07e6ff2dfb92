package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/server/internal/play/commands"
)

// socket is a WebSocket client.
type socket struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan object
	closed chan int // the close code
}

func (n *testNode) dial() *socket { return n.dialAs("") }

// dialAs connects with a token, unless it is empty.
func (n *testNode) dialAs(token string) *socket {
	n.t.Helper()
	query := ""
	if token != "" {
		query = "?token=" + token
	}
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(n.url, "http")+"/ws"+query, nil)
	if err != nil {
		n.t.Fatalf("dial: %v", err)
	}
	_ = answer.Body.Close()
	s := &socket{t: n.t, conn: conn, frames: make(chan object, 100), closed: make(chan int, 1)}
	go s.read()
	n.t.Cleanup(func() { _ = conn.Close() })
	return s
}

func (s *socket) read() {
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			code := websocket.CloseAbnormalClosure
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				code = e.Code
			}
			s.closed <- code
			return
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var o object
		if err := d.Decode(&o); err != nil {
			s.t.Errorf("the server sent %q", data)
		}
		if _, sends := commands.Names(); !slices.Contains(sends, o.text("event")) {
			s.t.Errorf("the server sent an undocumented event: %q", data)
		}
		s.frames <- o
	}
}

func (s *socket) send(text string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// expect returns the next frame, which must be this event.
func (s *socket) expect(event string) object {
	s.t.Helper()
	f := s.next(event)
	if f["event"] != event {
		s.t.Fatalf("got %v, want the event %s", f, event)
	}
	return f
}

// next returns the next frame, which a test takes to be this event. All frames come before the end.
func (s *socket) next(event string) object {
	s.t.Helper()
	select {
	case f := <-s.frames:
		return f
	case code := <-s.closed:
		s.closed <- code
		select {
		case f := <-s.frames:
			return f
		default:
			s.t.Fatalf("closed with %d, want the event %s", code, event)
		}
	case <-time.After(patience):
		s.t.Fatalf("no frame, want the event %s", event)
	}
	return nil
}

// status returns the next frame, which must be this match_status.
func (s *socket) status(status string) object {
	s.t.Helper()
	f := s.expect("match_status")
	if f.at("data.status") != status {
		s.t.Fatalf("got %v, want the status %s", f, status)
	}
	return f
}

// quiet checks that the server sends no other frame before the answer to a request.
func (s *socket) quiet() {
	s.t.Helper()
	s.send(`{"event":"check_socket_id"}`)
	s.expect("notify_socket_id")
}

func (s *socket) expectClose(code int) {
	s.t.Helper()
	select {
	case got := <-s.closed:
		if got != code {
			s.t.Fatalf("closed with %d, want %d", got, code)
		}
	case <-time.After(patience):
		s.t.Fatalf("not closed, want %d", code)
	}
}

// leave closes the connection as a client would.
func (s *socket) leave() {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")); err != nil {
		s.t.Fatal(err)
	}
	s.expectClose(websocket.CloseNormalClosure)
}

// create queues a player through a socket and returns the ticket's id.
func (s *socket) create(queue, player string) string {
	s.t.Helper()
	s.send(`{"event":"create_general_game_match","data":{"userId":` + player + `,"questionaireId":` + queue + `}}`)
	return s.status("PUSHED_TO_QUEUE").text("data.ticketId")
}
