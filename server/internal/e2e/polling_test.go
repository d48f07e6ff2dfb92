package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// pollingClient is a Socket.IO client, of Engine.IO 4, that only polls.
type pollingClient struct {
	t       *testing.T
	node    *testNode
	path    string // with the sid
	packets []string
}

// dialPolling opens a session that polls, in /sunapp.
func (n *testNode) dialPolling(query string, headers ...string) *pollingClient {
	n.t.Helper()
	c := &pollingClient{t: n.t, node: n, path: "/socket.io/?EIO=4&transport=polling" + query}
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(c.next(headers...), "0")), &open); err != nil || open.SID == "" {
		n.t.Fatal(err)
	}
	c.path += "&sid=" + open.SID
	c.post("40/sunapp,", headers...)
	c.expect(`40/sunapp,{"sid":…`)
	return c
}

func (c *pollingClient) post(body string, headers ...string) {
	c.t.Helper()
	headers = append([]string{"Content-Type", "text/plain;charset=UTF-8"}, headers...)
	if got := c.node.want(http.StatusOK, c.node.call("POST", c.path, body, headers...)); got.raw != "ok" {
		c.t.Fatalf("%s is answered with %s", body, got.raw)
	}
}

// next returns the next packet.
func (c *pollingClient) next(headers ...string) string {
	c.t.Helper()
	if len(c.packets) == 0 {
		c.packets = strings.Split(c.node.want(http.StatusOK, c.node.call("GET", c.path, "", headers...)).raw, "\x1e")
	}
	packet := c.packets[0]
	c.packets = c.packets[1:]
	return packet
}

// expect checks the next packets. "…" matches any rest.
func (c *pollingClient) expect(packets ...string) {
	c.t.Helper()
	for _, want := range packets {
		start, _, partly := strings.Cut(want, "…")
		if got := c.next(); got != want && !(partly && strings.HasPrefix(got, start)) {
			c.t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// polling polls beside the test, which must not be parallel. It returns when the poll waits.
func (c *pollingClient) polling(ctx context.Context) (answer <-chan string) {
	c.t.Helper()
	got := make(chan string, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.node.url+c.path, http.NoBody)
		if err != nil {
			got <- err.Error()
			return
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			got <- err.Error()
			return
		}
		defer func() { _ = answer.Body.Close() }()
		body, _ := io.ReadAll(answer.Body)
		got <- string(body)
	}()
	matchqtest.Eventually(c.t, "the poll waits", func() bool { return waitsIn("ws.(*poller).poll") })
	return got
}

func TestPollingPlayersAreMatched(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--path-prefix", "/p")
	a, b := n.dialPolling(""), n.dialPolling("")
	for player, c := range map[string]*pollingClient{"17": a, "18": b} {
		c.post(`42/sunapp,1["create_general_game_match",{"userId":` + player + `,"questionaireId":"q"}]`)
		c.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`, `43/sunapp,1[{"status":"PUSHED_TO_QUEUE",…`)
	}
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*pollingClient{a, b} {
		c.expect(`42/sunapp,["match_status",{"matchId":…`)
	}
}

// The grace begins when a poll breaks off.
func TestPollingPlayersWhoGo(t *testing.T) {
	t.Parallel()
	const queue = `42/sunapp,["create_general_game_match",{"userId":17,"questionaireId":"q"}]`
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--grace", "30s")
	c := n.dialPolling("")
	c.post(queue)
	c.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	ctx, cancel := context.WithCancel(t.Context())
	broken := c.polling(ctx)
	cancel()
	if got := <-broken; !strings.Contains(got, "canceled") {
		t.Fatalf("the poll is answered with %s", got)
	}
	matchqtest.Eventually(t, "the session has ended", func() bool {
		return strings.Contains(n.call("GET", "/metrics", "").raw, "\nmatchq_ws_connections 0\n")
	})
	if stats := n.stats(); stats.Waiting != 1 {
		t.Errorf("the ticket has not its grace: %+v", stats)
	}
	again := n.dialPolling("")
	again.post(queue) // in its grace
	again.expect(`42/sunapp,["match_status",{"status":"DUPLICATED_USER_ID",…`)
}

// Pages of allowed origins poll with credentials. Other pages do not poll.
func TestPollingAcrossOrigins(t *testing.T) {
	t.Parallel()
	const origin = "https://play.example"
	n := start(t, matchqtest.Embedded(t), "--allowed-origin", origin)
	n.dialPolling("", "Origin", origin)
	const path = "/socket.io/?EIO=4&transport=polling"
	preflight := n.want(http.StatusNoContent, n.call("OPTIONS", path, "", "Origin", origin, "Access-Control-Request-Method", "POST"))
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
	} {
		if got := preflight.header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	for _, method := range []string{"GET", "POST", "OPTIONS"} {
		got := n.want(http.StatusForbidden, n.call(method, path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"))
		if got.text("code") != "foreign_origin" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s %v", method, got.raw, got.header)
		}
	}
	if got := n.call("GET", "/v1/queues", "", "Origin", origin); got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Error("other paths take credentials too")
	}
}

// A node that stops answers all polls: its clients are told, and connect elsewhere.
func TestStopTellsPollers(t *testing.T) {
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	c := n.dialPolling("")
	told := c.polling(t.Context())
	n.stop()
	if got := <-told; got != `42/sunapp,["error",{"code":"shutting_down","message":"the server is shutting down"}]` {
		t.Errorf("it is told %q", got)
	}
}
