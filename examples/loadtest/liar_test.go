package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// liar is a server that answers each request with some frames, in which PLAYER is the one that asked and N counts the
// requests.
func liar(t *testing.T, frames ...string) (addr string) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			var f struct{ Data struct{ UserID string } }
			if conn.ReadJSON(&f) != nil {
				return
			}
			fill := strings.NewReplacer("PLAYER", f.Data.UserID, "N", fmt.Sprint(asked.Add(1)))
			for _, frame := range frames {
				_ = conn.WriteMessage(websocket.TextMessage, []byte(fill.Replace(frame)))
			}
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestLiesAreFound(t *testing.T) {
	const queued = `{"event":"match_status","data":{"status":"PUSHED_TO_QUEUE","ticketId":"tN","nextTickMs":5}}`
	for name, test := range map[string]struct {
		frames []string
		want   string
	}{
		"silence": {nil, "no answer within 1s"},
		"oneself": {[]string{
			queued,
			`{"event":"match_status","data":{"status":"MATCHED","matchId":"N","roomId":"r","questionaireId":"load-1","user1":{"id":"PLAYER"},"user2":{"id":"PLAYER"}}}`,
		}, "has a player twice"},
		"different things": {[]string{
			queued,
			`{"event":"match_status","data":{"status":"MATCHED","matchId":"1","roomId":"roomN","questionaireId":"load-1","user1":{"id":"PLAYER"},"user2":{"id":17}}}`,
		}, "told different things"},
		"an error":  {[]string{`{"event":"error","data":{"code":"internal","message":"it broke"}}`}, "internal: it broke"},
		"no frames": {[]string{"hello"}, codeBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, r, printed := load(t, liar(t, test.frames...), "--burst", "--players", "6", "--answer-within", "1s")
			if code != exitBroken || !strings.Contains(strings.Join(r.Broken, "\n"), test.want) {
				t.Errorf("exit code %d: %s", code, printed)
			}
		})
	}
}

// The server breaks each first connection and refuses the first request after it: the player asks again.
func TestPlayersComeBackInSpiteOfErrors(t *testing.T) {
	var connected, refused atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		first := connected.Add(1) <= 2
		for {
			var f struct {
				Event string
				ID    any
			}
			if conn.ReadJSON(&f) != nil || first {
				return
			}
			switch {
			case f.Event == "get_state":
				_ = conn.WriteJSON(map[string]any{"event": "state", "id": f.ID, "data": map[string]any{"ticket": nil, "match": nil}})
			case f.Event != "create_general_game_match":
			case refused.Add(1) <= 2:
				_ = conn.WriteJSON(map[string]any{"event": "error", "id": f.ID, "data": map[string]string{"code": "overloaded"}})
			default:
				_ = conn.WriteJSON(map[string]any{"event": "match_status", "data": map[string]string{"status": "PUSHED_TO_QUEUE", "ticketId": r.RemoteAddr}})
				_ = conn.WriteJSON(map[string]any{"event": "match_status", "data": map[string]string{"status": "EXPIRED"}})
			}
		}
	}))
	t.Cleanup(server.Close)
	addr := strings.TrimPrefix(server.URL, "http://")
	code, r, printed := load(t, addr, "--burst", "--players", "2", "--reconnect", "--allow", "overloaded")
	if code != 0 || r.Queued != 2 || r.Ended["expired"] != 2 || r.Errors["overloaded"] != 2 || r.Returned != 2 {
		t.Errorf("exit code %d: %s", code, printed)
	}
}

func TestItSaysWhyItCannotRun(t *testing.T) {
	for want, args := range map[string][]string{
		"can't connect":       {"--url", "http://" + matchqtest.FreeAddr(t)},
		"--players":           {"--players", "1"},
		"--url must":          {"--url", "127.0.0.1:4000"},
		"leave --token out":   {"--guests", "--token", "x"},
		"--zipf must":         {"--zipf", "0.5"},
		"needs --http":        {"--events"},
		"leave --http out":    {"--http", "--reconnect"},
		"leave --duration":    {"--burst", "--duration", "1s"},
		"server on loopback":  {"--url", "http://192.0.2.1", "--sources", "2"},
		"unexpected argument": {"players=3"},
	} {
		var out, log strings.Builder
		if code := run(t.Context(), args, &out, &log); code != exitFailed || !strings.Contains(log.String(), want) {
			t.Errorf("%v: exit code %d: %s", args, code, log.String())
		}
	}
}
