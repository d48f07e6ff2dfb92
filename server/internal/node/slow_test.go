package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/redistest"
)

// A client that asks and never reads is cut off, and its player may come back.
func TestSlowClientIsCutOff(t *testing.T) {
	t.Parallel()
	n := start(t, redistest.Embedded(t), "--interval", "1h")
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(n.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	defer func() { _ = conn.Close() }()
	write := func(frame string) error {
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
		return conn.WriteMessage(websocket.TextMessage, []byte(frame))
	}
	if err := write(`{"event":"connection_queue","data":{"userId":"alice"}}`); err != nil {
		t.Fatal(err)
	}
	// The answer is as long as the id, so that the buffers on the way fill soon.
	ask := `{"event":"check_socket_id","id":"` + strings.Repeat("x", 16_000) + `"}`
	redistest.Eventually(t, "the server ends the connection", func() bool { return write(ask) != nil })
	again := n.dial()
	again.send(`{"event":"connection_queue","data":{"userId":"alice"},"id":1}`)
	again.expect("ack")
}
