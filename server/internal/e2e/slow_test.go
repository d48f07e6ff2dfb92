package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// A client that sends requests and does not read is cut off, and its player may reconnect.
func TestSlowClientIsCutOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, hello, ask string }{
		{
			"plain", "/ws", `{"event":"connection_queue","data":{"userId":"alice"}}`, `{"event":"get_connection_status","id":1}`,
		},
		{
			"Engine.IO 3", "/socket.io/?EIO=3&transport=websocket",
			`42["connection_queue",{"userId":"alice"}]`, `421["get_connection_status"]`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var n *testNode
			var end error
			for range 5 {
				n = start(t, matchqtest.Embedded(t), "--interval", "1h")
				var before time.Time
				before, end = n.cutOff(c.path, c.hello, c.ask)
				if time.Since(before) < 2*time.Second {
					break // else the client may have read too late to hear why
				}
			}
			if e, ok := errors.AsType[*websocket.CloseError](end); !ok || e.Code != sessions.CloseOverload {
				t.Errorf("the end was %v", end)
			}
			sample{`matchq_ws_dropped_total{reason="too_slow"}`: 1}.becomes(t, n)
			again := n.dial()
			again.send(`{"event":"connection_queue","data":{"userId":"alice"},"id":1}`)
			again.expect("ack")
		})
	}
}

// cutOff has a client ask without reading until the server has cut it off, and then read to the end. It returns a time before
// the cut.
func (n *testNode) cutOff(path, hello, ask string) (before time.Time, end error) {
	n.t.Helper()
	// Queues of long names make a long answer.
	n.want(http.StatusOK, n.call("POST", "/v1/tickets/batch", batchOf(0, 110, func(i int) string {
		return fmt.Sprintf(`{"queue":"%s%03d","player":%d}`, strings.Repeat("q", 125), i, i)
	})))
	conn := n.dialNarrow(path)
	write := func(frame string) {
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
		_ = conn.WriteMessage(websocket.TextMessage, []byte(frame))
	}
	write(hello)
	for cut := false; !cut; cut = n.log.has("disconnected a slow client") {
		before = time.Now()
		write(ask)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for end == nil {
		_, _, end = conn.ReadMessage()
	}
	return before, end
}

// dialNarrow connects with small buffers, which fill soon.
func (n *testNode) dialNarrow(path string) *websocket.Conn {
	n.t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return conn, err
	}}
	conn, answer, err := dialer.Dial("ws"+strings.TrimPrefix(n.url, "http")+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	_ = answer.Body.Close()
	n.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Frames above the rate limit are dropped; the client gets an error once a second.
func TestTooManyFrames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, ask, answer, complaint, last, acked string }{
		{
			"plain", "/ws", `{"event":"check_socket_id"}`, `{"event":"notify_socket_id"`,
			`{"event":"error","data":{"code":"rate_limited",`, `{"event":"check_socket_id","id":"last"}`, `{"event":"ack","id":"last"`,
		},
		{
			"Engine.IO 3", "/socket.io/?EIO=3&transport=websocket", `42["check_socket_id"]`, `42["notify_socket_id"`,
			`42["error",{"code":"rate_limited",`, `429["check_socket_id"]`, `439[{"sid"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := start(t, matchqtest.Embedded(t))
			s := n.dialRaw(c.path)
			begin := time.Now()
			const frames = 1000
			for range frames {
				s.send(c.ask)
			}
			answers, complaints := 0, 0
			again := time.NewTicker(50 * time.Millisecond)
			defer again.Stop()
			late := time.After(patience)
			for last := false; !last; {
				select {
				case <-late:
					t.Fatal("the last frame has no answer")
				case <-again.C:
					s.send(c.last)
				case frame := <-s.frames:
					switch {
					case strings.HasPrefix(frame, c.answer):
						answers++
					case strings.HasPrefix(frame, c.complaint):
						complaints++
					case strings.HasPrefix(frame, c.acked):
						last = true
					}
				}
			}
			took := time.Since(begin)
			if most := 101 + int(took.Seconds()*50) + 1; answers > most || answers < 100 {
				t.Errorf("%d of %d frames were answered within %v", answers, frames, took)
			}
			if complaints < 1 || complaints > 1+int(took.Seconds()) {
				t.Errorf("%d errors within %v", complaints, took)
			}
		})
	}
}
