package node_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/redistest"
)

// sensible frames are what nonsense is made of, by path.
var sensible = map[string][]string{
	"/ws": {
		`{"event":"check_socket_id","data":{},"id":1}`, `{"event":"connection_queue","data":{"userId":17}}`,
		`{"event":"create_general_game_match","data":{"userId":17,"questionaireId":"q","rating":1500,"attributes":{"a":[1,null]}},"id":"x"}`,
		`{"event":"cancel_request_general_match"}`, `{"event":"get_connection_status","id":{"a":1}}`,
	},
	"/socket.io/?EIO=4&transport=websocket": {
		`40/sunapp,{"token":"t1","pid":"x","offset":"1-0"}`, `40`, `41/sunapp,`, `42/sunapp,0["check_socket_id",{}]`, `2probe`, `3`, `1`, `5`, `6`,
		`42/sunapp,["create_general_game_match",{"userId":17,"questionaireId":"q"}]`, `43/sunapp,0[1]`, `44/sunapp,{}`,
		`452-/sunapp,1["x",{"_placeholder":true,"num":0}]`, `461-0[{"_placeholder":true,"num":0}]`, `bAAEC`, `40/other,`,
	},
	"/socket.io/?EIO=3&transport=websocket": {
		`40/sunapp?token=t1,`, `41/sunapp,`, `42/sunapp,0["check_socket_id",{}]`, `2`, `421["get_connection_status"]`,
		`42["create_general_game_match",{"userId":"18","questionaireId":7}]`, `42["cancel_request_general_match",{}]`,
		`451-["x",{"_placeholder":true,"num":0}]`, `41`, `40`,
	},
}

// nonsense makes a frame of a sensible one; some stay sensible.
func nonsense(r *rand.Rand, frames []string) []byte {
	frame := []byte(frames[r.IntN(len(frames))])
	for range r.IntN(4) {
		at := r.IntN(len(frame) + 1)
		switch r.IntN(5) {
		case 0: // another byte
			frame = append(frame[:at:at], append([]byte{byte(r.Uint32())}, frame[min(at+1, len(frame)):]...)...)
		case 1: // the end is missing
			frame = frame[:at]
		case 2: // something from the middle is missing
			frame = append(frame[:at:at], frame[min(at+r.IntN(8), len(frame)):]...)
		case 3: // two of them
			other := frames[r.IntN(len(frames))]
			frame = append(frame[:at:at], other[r.IntN(len(other)):]...)
		case 4: // a part again and again
			frame = append(frame[:at:at], append([]byte(strings.Repeat(string(frame[at:]), r.IntN(20))), frame[at:]...)...)
		}
	}
	return frame
}

// Whatever is thrown at the server, it goes on, and forgets it.
func TestNonsense(t *testing.T) {
	// Not parallel: it counts goroutines.
	n := start(t, redistest.Embedded(t), "--interval", "10ms")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	throw(n, seed, 0)
	redistest.Eventually(t, "the warm-up is over", func() bool { return !strings.Contains(stacks(), "melody") })
	before := goroutines()
	const rounds = 10
	for round := range rounds {
		throw(n, seed, uint64(round+1))
	}
	redistest.Eventually(t, "no more goroutines than before", func() bool { return goroutines() <= before })
	if n.log.has("a connection panicked") || n.log.has("a handler panicked") {
		t.Error("there was a panic")
	}
	n.dial().quiet()
	report, err := n.matcher.AuditDeep(t.Context())
	if err != nil || !report.OK() {
		t.Errorf("audit: %v, %v", err, report.Problems)
	}
}

// goroutines counts them, but for those of connections to Redis, which are kept.
func goroutines() (count int) {
	for stack := range strings.SplitSeq(stacks(), "\n\n") {
		if !strings.Contains(stack, "miniredis") && !strings.Contains(stack, "go-redis") {
			count++
		}
	}
	return count
}

// throw sends about 600 frames, as many a connection as are not too many.
func throw(n *testNode, seed, round uint64) {
	var throwing sync.WaitGroup
	for path, frames := range sensible {
		for i := range 2 {
			throwing.Go(func() {
				r := rand.New(rand.NewPCG(seed, round<<8|uint64(i)))
				conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(n.url, "http")+path, nil)
				if err != nil {
					n.t.Error(err)
					return
				}
				_ = answer.Body.Close()
				defer func() { _ = conn.Close() }()
				read := make(chan struct{})
				go func() {
					defer close(read)
					for {
						if _, _, err := conn.ReadMessage(); err != nil {
							return
						}
					}
				}()
				for range 100 {
					kind := websocket.TextMessage
					if r.IntN(20) == 0 {
						kind = websocket.BinaryMessage
					}
					if conn.WriteMessage(kind, nonsense(r, frames)) != nil {
						break // shown out
					}
				}
				// The answer to a close frame comes when all has been handled.
				_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, fmt.Sprint(round)))
				<-read
			})
		}
	}
	throwing.Wait()
}
