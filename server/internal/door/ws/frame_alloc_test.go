//go:build !race

// The race detector allocates too.

package ws

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/server/internal/door/ws/packet"
)

var (
	pushed = json.RawMessage(`{"matchId":"Pk","roomId":"Pk","status":"MATCHED","user1":{"id":"a","sid":"s"},"user2":{"id":"b","sid":"t"},"waitedMs":7}`)
	asked  = []byte(`{"event":"create_general_game_match","data":{"userId":"alice","questionaireId":"history"},"id":1}`)
)

// A push is encoded into one piece of memory, and a frame of a client is parsed with few.
func TestFramesAllocateLittle(t *testing.T) {
	for _, c := range []struct {
		what string
		most float64
		do   func()
	}{
		{"a push", 1, func() { _ = outFrame{Event: "match_status", Seq: "1700000000000-0", Data: pushed}.encode() }},
		{"a Socket.IO push", 3, func() { _ = packet.NewEvent(appNamespace, "match_status", pushed).Encode(engineMessage) }},
		{"a request", 5, func() { _, _ = parseFrame(asked) }},
	} {
		if got := testing.AllocsPerRun(100, c.do); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.what, got, c.most)
		}
	}
}

func BenchmarkFrames(b *testing.B) {
	b.Run("push", func(b *testing.B) {
		for b.Loop() {
			_ = outFrame{Event: "match_status", Seq: "1700000000000-0", Data: pushed}.encode()
		}
	})
	b.Run("socketio-push", func(b *testing.B) {
		for b.Loop() {
			_ = packet.NewEvent(appNamespace, "match_status", pushed).Encode(engineMessage)
		}
	})
	b.Run("request", func(b *testing.B) {
		for b.Loop() {
			_, _ = parseFrame(asked)
		}
	})
}
