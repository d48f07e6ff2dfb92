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

// raw is a connection on which a test writes HTTP itself.
type raw struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (n *testNode) connect() *raw {
	n.t.Helper()
	conn, err := net.Dial("tcp", n.host())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(3 * patience))
	return &raw{n.t, conn, bufio.NewReader(conn)}
}

func (n *testNode) host() string { return strings.TrimPrefix(n.url, "http://") }

// request writes a request line with headers, and the first part of its body.
func (r *raw) request(line, body string, headers ...string) {
	r.t.Helper()
	text := line + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + strings.Join(append(headers, "", ""), "\r\n") + body
	if _, err := io.WriteString(r, text); err != nil {
		r.t.Error(err)
	}
}

// answer reads an answer.
func (r *raw) answer() (*http.Response, string) {
	r.t.Helper()
	got, err := http.ReadResponse(r.in, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return got, string(body)
}

// closed checks that the server closes the connection.
func (r *raw) closed() {
	r.t.Helper()
	if rest, err := io.ReadAll(r.in); err != nil || len(rest) > 0 {
		r.t.Errorf("after the answer came %q, %v", rest, err)
	}
}

// A body that never comes holds no connection, whatever the answer.
func TestBodiesThatNeverCome(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	alice := "Authorization: Bearer " + tokenOf(t, "alice")
	id := n.queueAs("alice", "q")
	for _, c := range []struct {
		line   string
		status int
		header string
	}{
		{"GET /v1/stats", 200, ""},
		{"GET /demo", 404, ""},
		{"GET /v1/nothing", 404, ""},
		{"GET /v1/tickets/x", 401, ""},
		{"POST /v1/queues/q/tickets", 401, ""},
		{"POST /v1/queues/q/tickets", 415, alice},
		{"POST /v1/stats", 405, ""},
		{"GET /ws", 426, ""},
		{"OPTIONS *", 404, ""},
		{"POST /v1/queues/q/tickets", 408, alice + "\r\nContent-Type: application/json"},
		{"POST /v1/admin/session", 408, "Content-Type: application/json"},
		{"GET /v1/tickets/" + id + "?wait=55s", 408, alice},
		{"GET /v1/tickets/" + id + "/events", 408, alice},
		{"GET /v1/dashboard/events", 408, ""},
	} {
		for _, body := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
			t.Run(c.line+" "+body, func(t *testing.T) {
				t.Parallel()
				r := n.connect()
				r.t = t
				began := time.Now()
				headers := []string{body}
				if c.header != "" {
					headers = append(headers, c.header)
				}
				r.request(c.line, "", headers...)
				got, text := r.answer()
				if got.StatusCode != c.status || !got.Close {
					t.Errorf("got %d %v %s", got.StatusCode, got.Header, text)
				}
				r.closed()
				if took := time.Since(began); c.status != 408 && took > 5*time.Second {
					t.Errorf("the connection was open for %v", took)
				}
			})
		}
	}
}

// A client that sends the whole body keeps its connection, and hears why the body was refused.
func TestBodiesNobodyNeeds(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	long := strings.Repeat("x", 60<<10)
	r := n.connect()
	for range 3 {
		for _, c := range []struct {
			line   string
			status int
		}{{"GET /v1/stats", 200}, {"POST /v1/queues/q/tickets", 401}, {"DELETE /v1/tickets/x", 401}, {"GET /v1/nothing", 404}} {
			r.request(c.line, long, fmt.Sprintf("Content-Length: %d", len(long)))
			if got, text := r.answer(); got.StatusCode != c.status || got.Close {
				t.Errorf("%s: got %d %v %s", c.line, got.StatusCode, got.Header, text)
			}
		}
	}
	id := n.queueAs("alice", "q")
	r.request("GET /v1/tickets/"+id+"?wait=50ms", long, fmt.Sprintf("Content-Length: %d", len(long)), "Authorization: Bearer "+tokenOf(t, "alice"))
	if got, text := r.answer(); got.StatusCode != http.StatusOK || got.Close {
		t.Errorf("got %d %s", got.StatusCode, text)
	}
}

// A small compressed body could become large.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	for _, call := range []string{"POST /v1/queues/q/tickets", "POST /v1/tickets/batch", "GET /v1/stats"} {
		method, path, _ := strings.Cut(call, " ")
		got := n.want(415, n.call(method, path, `{}`, "Content-Encoding", "gzip"))
		if got.text("code") != "unsupported_media_type" || got.header.Get("Accept-Encoding") != "identity" {
			t.Errorf("got %s", got.raw)
		}
	}
	n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":1}`, "Content-Encoding", "identity"))
}

// HEAD is answered wherever GET is, and waits for nothing.
func TestHEAD(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--demo")...)
	id := n.queueAs("alice", "q")
	fill := strings.NewReplacer("/tickets/:id", "/tickets/"+id, "/matches/:id", "/matches/none", ":queue", "q", ":file", "base.css", ":profile", "heap")
	for _, route := range n.routes {
		path, ok := strings.CutPrefix(route, "GET ")
		if !ok || strings.HasPrefix(path, "/debug") || strings.HasSuffix(path, "/events") {
			continue
		}
		path = fill.Replace(path)
		get, head := n.as(tokenOf(t, "alice"), "GET", path, ""), n.as(tokenOf(t, "alice"), "HEAD", path, "")
		if head.status != get.status || head.raw != "" || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s: GET is answered with %d, HEAD with %d %s", path, get.status, head.status, head.raw)
		}
	}
	for _, path := range []string{"/v1/tickets/" + id + "?wait=55s", "/v1/tickets/" + id + "/events", "/v1/dashboard/events"} {
		n.want(200, n.as(tokenOf(t, "alice"), "HEAD", path, ""))
	}
	n.want(405, n.as(tokenOf(t, "alice"), "HEAD", "/v1/matches/x/accept", ""))
}
