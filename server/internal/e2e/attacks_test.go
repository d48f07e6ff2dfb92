package e2e_test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// raw sends a request as it is, closes the sending side, and returns the answer's status.
func (n *testNode) raw(request string) int {
	n.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(request)); err != nil {
		n.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		n.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// A client that closes its sending side after a request still gets the answer.
func TestHalfClosedRequests(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Real(t), "--interval", "1h")
	for range 20 {
		for _, path := range []string{"/readyz", "/v1/stats", "/v1/queues", "/v1/queues/q"} {
			if got := n.raw("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"); got != 200 {
				t.Errorf("%s: %d", path, got)
			}
		}
	}
	const body = `{"player":"alice"}`
	request := "POST /v1/queues/q/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 18\r\nConnection: close\r\n\r\n" + body
	if got := n.raw(request); got != 201 {
		t.Errorf("a ticket: %d", got)
	}
}

// A proxy's header counts, whatever the client has put before it, and however it is called.
func TestProxiedRequestsAreNoOperators(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	for _, headers := range []string{
		"X-Forwarded-For:\r\nX-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For:\r\n", "Forwarded:\r\nForwarded: for=192.0.2.1\r\n",
		"X-Real-IP: 192.0.2.1\r\n", "Via: 1.1 proxy\r\n", "X-Forwarded-Host: play.example\r\n",
	} {
		if got := n.raw("GET /v1/admin/audit HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "Connection: close\r\n\r\n"); got != 403 {
			t.Errorf("%q: %d", headers, got)
		}
	}
	if got := n.raw("GET /v1/admin/audit HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"); got != 200 {
		t.Errorf("from this machine: %d", got)
	}
}

// Requests that are refused for their Host or Origin leave few and short lines in the log.
func TestRefusedOriginsDoNotFloodTheLog(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	long := strings.Repeat("a", 20_000)
	for range 30 {
		n.raw("GET /livez HTTP/1.1\r\nHost: " + long + "\r\nConnection: close\r\n\r\n")
		n.raw("POST /v1/admin/session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://" + long + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
	n.log.all.mu.Lock()
	defer n.log.all.mu.Unlock()
	if size := n.log.all.Len(); size > 10_000 {
		t.Errorf("the log has %d bytes", size)
	}
}
