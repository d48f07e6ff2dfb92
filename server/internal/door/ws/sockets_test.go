package ws

import (
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/limits"
)

// An address can't take all connections; the end of one makes room.
func TestConnectionsOfAnAddress(t *testing.T) {
	var dropped reasons
	_, url, _ := serve(t, Options{Slots: &limits.Slots{Max: 2}, Dropped: dropped.add})
	first := open(t, url+"/ws")
	dial(t, url, "EIO=4")
	_, answer, err := websocket.DefaultDialer.Dial(url+"/ws", nil)
	if err == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a third connection: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
	if got := dropped.all(); got != dropTooMany {
		t.Errorf("%q is counted", got)
	}
	_ = first.Close()
	matchqtest.Eventually(t, "the first has made room", func() bool {
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), url+"/ws", nil)
		if answer != nil {
			_ = answer.Body.Close()
		}
		if err == nil {
			_ = conn.Close()
		} else if answer == nil || answer.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("after the first has ended: %v", err)
		}
		return err == nil
	})
}
