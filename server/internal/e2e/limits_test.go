package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestSpoofedAddress(t *testing.T) {
	t.Parallel()
	post := func(n *testNode, player int, forwarded string) int {
		return n.call("POST", "/v1/queues/q/tickets", fmt.Sprintf(`{"player":%d}`, player), "X-Forwarded-For", forwarded).status
	}
	direct := start(t, matchqtest.Embedded(t), "--rate-limit", "9/h", "--rate-limit-address", "1/h", "--interval", "1h")
	if first, second := post(direct, 1, "192.0.2.1"), post(direct, 2, "192.0.2.2"); first != 201 || second != 429 {
		t.Errorf("any client is believed: %d, %d", first, second)
	}
	proxied := start(t, matchqtest.Embedded(t), "--rate-limit", "9/h", "--rate-limit-address", "1/h", "--interval", "1h", "--trusted-proxy", "127.0.0.1")
	if first, second := post(proxied, 1, "192.0.2.1, 198.51.100.7"), post(proxied, 2, "192.0.2.2, 198.51.100.7"); first != 201 || second != 429 {
		t.Errorf("an address that the proxy did not add is believed: %d, %d", first, second)
	}
	if other := post(proxied, 3, "198.51.100.8"); other != 201 {
		t.Errorf("another client of the proxy got %d", other)
	}
}

func TestRateLimitsByIdentity(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--rate-limit", "1/h", "--rate-limit-address", "2/h")...)
	post := func(token, body, key string) response {
		return n.as(token, "POST", "/v1/queues/q/tickets", body, "Idempotency-Key", key)
	}
	alice := tokenOf(t, "alice")
	first := n.want(201, post(alice, `{}`, "k1"))
	n.want(429, post(alice, `{}`, "k2"))
	if again := n.want(201, post(alice, `{}`, "k1")); again.text("id") != first.text("id") { // a retry
		t.Errorf("got %s", again.raw)
	}
	for i := range 4 {
		n.want(201, post(apiKey, fmt.Sprintf(`{"player":%d}`, i), fmt.Sprint(i)))
	}
}

func TestProofEndsWhileWaiting(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	id := n.queueAs("alice", "q")
	var token string
	inTime(t, time.Second, func(limit time.Duration) (before time.Time, ok bool) {
		before = time.Now()
		token = tokenUntil(t, "alice", before.Add(limit+time.Second)) // in whole seconds
		s := n.follow("/v1/tickets/"+id+"/events", "Authorization", "Bearer "+token)
		if s.answer.StatusCode != http.StatusOK {
			return before, false
		}
		s.state("waiting")
		polled := n.as(token, "GET", "/v1/tickets/"+id+"?wait=55s", "") // longer than a test's patience
		s.end()
		return before, polled.status == http.StatusOK
	})
	n.want(401, n.as(token, "GET", "/v1/tickets/"+id, ""))
}

func TestHugeAndSlowRequests(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	address := strings.TrimPrefix(n.url, "http://")
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "GET /v1/stats HTTP/1.1\r\nHost: "+address+"\r\nX-Slow"); err != nil {
		t.Fatal(err)
	}
	huge, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer huge.Close()
	go io.WriteString(huge, "GET /v1/stats HTTP/1.1\r\nHost: "+address+"\r\nX-Huge: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(huge), nil)
	if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("huge headers: got %v, %v", answer, err)
	}
	n.want(413, n.call("POST", "/v1/queues/q/tickets", `{"player":"`+strings.Repeat("x", 64<<10)+`"}`))
	_ = slow.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadAll(slow); err != nil { // the server closes it, before the deadline
		t.Errorf("headers that never end: %v", err)
	}
	n.want(200, n.call("GET", "/v1/stats", ""))
}
