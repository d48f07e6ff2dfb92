package ws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// witness is a socket that sends nothing. It notes for each frame whether its link takes others after it.
type witness struct {
	of     *link
	frames []string
}

func (w *witness) send(frame []byte) {
	w.frames = append(w.frames, fmt.Sprintf("%t %s", w.of.closed, frame))
}

func (w *witness) sendClose(int, string) bool { return true }

func (w *witness) cut() {}

// A client that has the reason of its end comes back for the end only. So its link is closed when the reason is sent: no poll
// can be answered between the two, and no other frame be sent.
func TestReasonComesWithTheEnd(t *testing.T) {
	t.Parallel()
	s := newEcho(t.Context(), eventEcho, Times{})
	for _, busy := range []bool{false, true} {
		socket := &witness{}
		c := &socketIO{conn: s.newConn("127.0.0.1"), version: 4}
		c.link = &link{protocol: c, log: s.Log, dropped: s.Dropped, socket: socket}
		socket.of = c.link
		c.outlet.join("/", false)
		c.outlet.join("/custom", false)
		if busy {
			c.write([]byte("4before"))
		}
		c.Close(sessions.CloseReplaced, "why")
		c.write([]byte("4after"))
		for range 4 {
			c.sent()
		}
		want := `true 42["error",{"code":"replaced","message":"why"}]|true 41|true 41/custom,`
		if busy {
			want = "false 4before|" + want
		}
		if got := strings.Join(socket.frames, "|"); got != want {
			t.Errorf("got %s", got)
		}
	}
}

// poll makes a request of a client that polls, without a network.
func poll(s *Sockets, method, query, body string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	s.SocketIO(answer, httptest.NewRequest(method, "/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body)), "127.0.0.1")
	return answer
}

// Whenever its session is closed, a client that polls gets the earlier messages, then the reason, and last and alone the close
// packet, if it should stay away.
func TestPollersAreToldWheneverTheyEnd(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t, Options{Times: Times{Close: patience}})
	codes := []int{sessions.CloseGoingAway, sessions.CloseReplaced, sessions.CloseOverload, closeProtocol, closeTooLarge}
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom(codes).Draw(t, "code")
		pushes := rapid.IntRange(0, 3).Draw(t, "pushes")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 30), 3, 3).Draw(t, "pauses")

		_, open, _ := strings.Cut(poll(s, http.MethodGet, "", "").Body.String(), `"sid":"`)
		sid, _, _ := strings.Cut(open, `"`)
		query := "&sid=" + sid
		poll(s, http.MethodPost, query, "40/sunapp,")
		poll(s, http.MethodGet, query, "")
		found, _ := s.pollers.Load(sid)
		p, _ := found.(*poller)

		var closing sync.WaitGroup
		closing.Go(func() {
			yields(pauses[0])
			for range pushes {
				p.Push("x", "", json.RawMessage(`{}`))
				yields(pauses[1])
			}
			p.Close(code, "why")
		})
		want := strings.Repeat(`42/sunapp,["x",{}]|`, pushes) + `42/sunapp,["error",{"code":"` + string(endCodes[code]) + `","message":"why"}]|`
		if code == sessions.CloseReplaced {
			want += "41/sunapp,|"
		}
		got := ""
		for got != want {
			answer := poll(s, http.MethodGet, query, "")
			if got += strings.ReplaceAll(answer.Body.String(), "\x1e", "|") + "|"; answer.Code != http.StatusOK || !strings.HasPrefix(want, got) {
				t.Fatalf("%d: got %s", answer.Code, got)
			}
			yields(pauses[2])
		}
		closing.Wait()
		end := poll(s, http.MethodGet, query, "")
		known := end.Code == http.StatusOK
		if body := end.Body.String(); staysAway(code) && body != "1" || !staysAway(code) && known && body != "6" {
			t.Fatalf("after %s: %d %s", got, end.Code, body)
		}
		if known {
			end = poll(s, http.MethodGet, query, "")
		}
		if end.Code != http.StatusBadRequest {
			t.Fatalf("in the end: %d %s", end.Code, end.Body)
		}
		closing.Wait()
	})
}

// A client that has the answer to its probe notices the end of its session by the WebSocket only, once it has switched to that.
// The WebSocket ends then: before, clients would take it for a failed upgrade, and hang until their heartbeat fails.
func TestEndBesideAnUpgrade(t *testing.T) {
	t.Parallel()
	for code, rest := range map[int]string{sessions.CloseGoingAway: "", sessions.CloseReplaced: "\x1e41/sunapp,"} {
		s, c := polling(t, Options{Times: Times{Close: patience}})
		conn := c.probed()
		p := pollerOf(t, s, c)
		p.Close(code, "why")
		if _, got := c.get(); got != `42/sunapp,["error",{"code":"`+string(endCodes[code])+`","message":"why"}]`+rest {
			t.Errorf("the client gets %s", got)
		}
		matchqtest.Eventually(t, "the session has ended, or its end waits", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.over || p.lastPacket != nil
		})
		write(t, conn, "5")
		if _, data, err := conn.ReadMessage(); !websocket.IsCloseError(err, closeProtocol) {
			t.Errorf("the WebSocket gets %s, %v", data, err)
		}
		c.ends(code)
	}
}

// A server that stops does not wait for polls of clients that know of it: they would go to another node.
func TestStopDoesNotAwaitPolls(t *testing.T) {
	t.Parallel()
	s, c := polling(t, Options{Times: Times{Close: patience}})
	told := c.getting()
	untilPolled(t, s, c, true)
	begin := time.Now()
	s.Close(t.Context())
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("it waits %v", took)
	}
	if got := <-told; !strings.HasPrefix(got, `OK 42/sunapp,["error",{"code":"shutting_down",`) {
		t.Errorf("the client gets %s", got)
	}
}
