package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestIdempotencyKey(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env)
		post := func(queue, key, body string) response {
			return n.call("POST", "/v1/queues/"+queue+"/tickets", body, "Idempotency-Key", key)
		}
		const body = `{"player":"alice","rating":1500,"attributes":{"a": [1, 2]}}`
		first := n.want(201, post("q", "k1", body))
		again := n.want(201, post("q", "k1", body))
		if first.text("id") != again.text("id") || len(first.text("id")) > 64 {
			t.Errorf("got %s and %s", first.raw, again.raw)
		}
		for _, other := range []string{
			`{"player":"bob","rating":1500,"attributes":{"a": [1, 2]}}`, `{"player":"alice","rating":1501,"attributes":{"a": [1, 2]}}`,
			`{"player":"alice","rating":1500}`, `{"player":"alice","rating":1500,"attributes":{"a": [1, 2]},"ttl_ms":5}`,
		} {
			if got := n.want(422, post("q", "k1", other)); got.text("code") != "idempotency_key_reused" {
				t.Errorf("got %s", got.raw)
			}
		}
		n.want(422, post("other", "k1", body))
		n.want(422, post("q", strings.Repeat("k", 256), body))
		if got := n.want(409, post("q", "k2", body)); got.text("ticket.id") != first.text("id") {
			t.Errorf("got %s", got.raw)
		}
		n.post("q", `"bob"`)
		n.wait(first.text("id"))
		if got := n.want(201, post("q", "k1", body)); got.text("id") != first.text("id") || got.text("state") != "matched" || got.text("match.id") == "" {
			t.Errorf("got %s", got.raw)
		}
		if got := n.stats(); got.Enqueued != 2 {
			t.Errorf("stats are %+v", got)
		}
	})
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	id := n.post("q", `"alice"`).text("id")
	if got := n.call("GET", "/v1/tickets/"+id+"?wait=20ms", ""); got.text("state") != "waiting" {
		t.Errorf("nothing happened: %s", got.raw)
	}
	if got := n.call("GET", "/v1/tickets/"+id+"?wait=55s&since=7", ""); got.text("state") != "waiting" {
		t.Errorf("another version: %s", got.raw)
	}
	var answers [3]<-chan response
	for i := range answers {
		answers[i] = n.calling("GET", "/v1/tickets/"+id+"?wait=25s&since=1")
	}
	n.want(204, n.call("DELETE", "/v1/tickets/"+id, ""))
	for _, answer := range answers {
		if got := <-answer; got.status != 200 || got.text("state") != "cancelled" {
			t.Errorf("got %s", got.raw)
		}
	}
}

func TestRateLimits(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--rate-limit", "2/h", "--rate-limit-address", "30/h", "--interval", "1h")
		s := n.dial()
		s.create(`"q"`, `"alice"`)
		s.send(`{"event":"create_general_game_match","data":{"questionaireId":"q"}}`)
		s.status("DUPLICATED_USER_ID")
		s.send(`{"event":"create_general_game_match","data":{"questionaireId":"q"}}`)
		f := s.expect("error")
		if f.text("data.code") != "rate_limited" || f.at("data.retryAfterMs") == nil {
			t.Errorf("got %v", f)
		}
		got := n.want(429, n.call("POST", "/v1/queues/q/tickets", `{"player":"alice"}`))
		if got.text("code") != "rate_limited" || got.header.Get("Retry-After") == "" || got.header.Get("Retry-After") == "0" {
			t.Errorf("got %s", got.raw)
		}
		batch := n.want(200, n.call("POST", "/v1/tickets/batch", batchOf(0, 20, func(i int) string {
			return fmt.Sprintf(`{"queue":"q","player":"%s"}`, []string{"alice", "p"}[min(i, 1)])
		})))
		codes := strings.Count(batch.raw, `"rate_limited"`)
		if codes != 18 || strings.Count(batch.raw, `"already_queued"`) != 1 { // alice is at her limit; p may try twice
			t.Errorf("got %s", batch.raw)
		}
		all := n.want(429, n.call("POST", "/v1/tickets/batch", batchOf(0, 20, func(i int) string {
			return fmt.Sprintf(`{"queue":"q","player":%d}`, i)
		})))
		if all.text("code") != "rate_limited" || !strings.Contains(all.text("detail"), "address") {
			t.Errorf("got %s", all.raw)
		}
		if got := n.stats(); got.Enqueued != 2 {
			t.Errorf("stats are %+v", got)
		}
	})
}

// A batch larger than an address's burst gets through; the address must then wait for all of it.
func TestLargeBatchIsPaidForAfterwards(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--rate-limit", "10/s", "--rate-limit-address", "10/h", "--interval", "1h")
	tickets := func(i int) string { return fmt.Sprintf(`{"queue":"q","player":%d}`, i) }
	n.want(200, n.call("POST", "/v1/tickets/batch", batchOf(0, 100, tickets)))
	n.want(429, n.call("POST", "/v1/tickets/batch", batchOf(100, 101, tickets)))
	if got := n.stats(); got.Waiting != 100 {
		t.Errorf("stats are %+v", got)
	}
}

func batchOf(from, to int, ticket func(int) string) string {
	var tickets []string
	for i := from; i < to; i++ {
		tickets = append(tickets, ticket(i))
	}
	return `{"tickets":[` + strings.Join(tickets, ",") + `]}`
}

func TestBrowsers(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--allowed-origin", "https://Play.example")
	host := strings.TrimPrefix(n.url, "http://")
	const path, body = "/v1/queues/q/tickets", `{}` // refused with 422 once the rate limit lets it through
	for _, c := range []struct {
		name, method string
		status       int
		headers      []string
	}{
		{"no browser", "POST", 422, nil},
		{"same origin", "POST", 422, []string{"Origin", "http://" + host}},
		{"allowed", "POST", 422, []string{"Origin", "https://play.example"}},
		{"foreign", "POST", 403, []string{"Origin", "https://evil.example"}},
		{"null", "POST", 403, []string{"Origin", "null"}},
		{"another port", "POST", 403, []string{"Origin", "http://127.0.0.1:1"}},
		{"preflight allowed", "OPTIONS", 204, []string{"Origin", "https://play.example", "Access-Control-Request-Method", "POST"}},
		{"preflight foreign", "OPTIONS", 403, []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}},
		{"localhost", "POST", 422, []string{"Host", "localhost:4000"}},
		{"IPv6", "POST", 422, []string{"Host", "[::1]:4000"}},
		{"host of an allowed origin", "POST", 422, []string{"Host", "play.example"}},
		{"foreign host", "POST", 403, []string{"Host", "evil.example"}},
	} {
		got := n.call(c.method, path, body, c.headers...)
		if got.status != c.status {
			t.Errorf("%s: got %d %s", c.name, got.status, got.raw)
		}
		if cors := got.header.Get("Access-Control-Allow-Origin"); (cors != "") != strings.Contains(strings.Join(c.headers, ""), "//play.example") {
			t.Errorf("%s: CORS says %q", c.name, cors)
		}
	}
	if got := n.call("GET", "/v1/stats", "", "Origin", "https://evil.example"); got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("reading: got %d %v", got.status, got.header)
	}
	for origin, want := range map[string]int{"https://evil.example": 403, "https://play.example": 101, "http://" + host: 101} {
		conn, answer, err := websocket.DefaultDialer.Dial("ws://"+host+"/ws", http.Header{"Origin": {origin}})
		if err == nil {
			_ = conn.Close()
		}
		if answer == nil || answer.StatusCode != want {
			t.Errorf("upgrade from %s: got %v, %v", origin, answer, err)
		}
	}
}

func TestPathPrefix(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--path-prefix", "/match/q/")
	if !strings.HasSuffix(n.url, "/match/q") {
		t.Fatal(n.url)
	}
	got := n.post("100%25%2525%20x", `"alice"`)
	if got.text("queue") != "100%%25 x" || got.header.Get("Location") != "/match/q/v1/tickets/"+got.text("id") {
		t.Errorf("got %s at %s", got.raw, got.header.Get("Location"))
	}
	n.dial().quiet()
	n.ready()
	n.want(200, n.call("HEAD", "/livez", ""))
}
