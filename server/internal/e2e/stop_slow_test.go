package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestSlowClientsDelayNoStop: clients that send their requests slowly, or have sent nothing yet, wait for no server that
// stops. A request that came whole is answered.
func TestSlowClientsDelayNoStop(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	id := n.queueAs("alice", "q")
	alice := "Authorization: Bearer " + tokenOf(t, "alice")
	const ofJSON = "Content-Type: application/json"
	dribbling := map[string]*raw{}
	for what, headers := range map[string][]string{
		"a length": {alice, ofJSON, "Content-Length: 1000"}, "chunks": {alice, ofJSON, "Transfer-Encoding: chunked"},
	} {
		r := n.connect()
		r.request("POST /v1/queues/q2/tickets", "", headers...)
		dribbling[what] = r
	}
	whole := n.connect()
	whole.request("GET /v1/tickets/"+id+"?wait=55s", "", alice)
	silent, halfway := n.connect(), n.connect()
	if _, err := io.WriteString(halfway, "GET /v1/stats HTTP/1.1\r\nHost: 127"); err != nil {
		t.Fatal(err)
	}
	idle := n.connect()
	idle.request("GET /v1/stats", "", alice)
	idle.answer() // so all that began before it are under way, or soon

	began := time.Now()
	n.stop()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if got, body := whole.answer(); got.StatusCode != http.StatusOK || !strings.Contains(body, id) {
		t.Errorf("a long poll is answered with %d %s", got.StatusCode, body)
	}
	for what, r := range dribbling {
		got, body := r.answer()
		if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || !strings.Contains(body, "shutting_down") {
			t.Errorf("%s: got %d %s", what, got.StatusCode, body)
		}
		r.closed()
	}
	for _, r := range []*raw{silent, halfway, idle} {
		if _, err := r.in.ReadByte(); err == nil {
			t.Error("a connection without a request got an answer")
		}
	}
}
