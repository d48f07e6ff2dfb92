package ws

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// patience is how long a test waits for messages that must come.
const patience = matchqtest.Patience

// client is a client that polls.
type client struct {
	t       *testing.T
	url     string // with the sid
	version string
	open    handshake
	header  http.Header
}

// handshakeOf opens a session that polls. url may be that of a WebSocket; query begins with the version.
func handshakeOf(t *testing.T, url, query string) *client {
	t.Helper()
	c := &client{t: t, version: query[:5], header: http.Header{}}
	c.url = "http" + strings.TrimPrefix(strings.TrimPrefix(url, "http"), "ws") + "/socket.io/?transport=polling&" + query
	status, body := c.get()
	if c.version == "EIO=3" {
		_, body, _ = strings.Cut(body, ":")
	}
	if status != http.StatusOK || body == "" || json.Unmarshal([]byte(body[1:]), &c.open) != nil {
		t.Fatalf("the handshake is answered with %d %q", status, body)
	}
	c.url += "&sid=" + c.open.SID
	return c
}

// do makes a request.
func (c *client) do(ctx context.Context, method, body string) (status int, answer string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.header.Clone()
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = got.Body.Close() }()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		c.t.Error(err)
	}
	return got.StatusCode, string(data)
}

func (c *client) get() (status int, body string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	return c.do(ctx, http.MethodGet, "")
}

// getting polls beside the test.
func (c *client) getting() <-chan string {
	got := make(chan string, 1)
	go func() {
		status, body := c.get()
		got <- http.StatusText(status) + " " + body
	}()
	return got
}

// post sends a body that is taken.
func (c *client) post(body string) {
	c.t.Helper()
	if status, answer := c.do(c.t.Context(), http.MethodPost, body); status != http.StatusOK || answer != "ok" {
		c.t.Fatalf("%q is answered with %d %s", body, status, answer)
	}
}

// wants polls until the packets have come. "…" matches any rest.
func (c *client) wants(packets ...string) {
	c.t.Helper()
	var came []string
	for len(came) < len(packets) {
		status, body := c.get()
		if status != http.StatusOK {
			c.t.Fatalf("%d %s after %q, want %q", status, body, came, packets)
		}
		came = append(came, strings.Split(body, "\x1e")...)
	}
	for i, want := range packets {
		start, _, partly := strings.Cut(want, "…")
		if got := came[i]; got != want && !(partly && strings.HasPrefix(got, start)) {
			c.t.Fatalf("got %q, want %s", came, want)
		}
	}
	if len(came) > len(packets) {
		c.t.Fatalf("got %q, want %q", came, packets)
	}
}

// ends checks how a session ends whose client knows why. Only a client that should stay away gets a close packet, alone.
func (c *client) ends(code int) {
	c.t.Helper()
	if staysAway(code) {
		c.wants("1")
	} else if status, body := c.get(); status == http.StatusOK && body != "6" { // the poll may come before the end
		c.t.Fatalf("after %d the client gets %s", code, body)
	}
	c.ended()
}

// ended checks that the session is no more.
func (c *client) ended() {
	c.t.Helper()
	if status, body := c.get(); status != http.StatusBadRequest || !strings.HasPrefix(body, `{"code":1,"message":"Session ID unknown"`) {
		c.t.Fatalf("a session that has ended answers %d %s", status, body)
	}
}

// echo serves an echo of Engine.IO messages, with long times.
func echo(t *testing.T, times Times) (s *Sockets, url string) {
	t.Helper()
	s = newEcho(t.Context(), rawEcho, times)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.SocketIO(w, r, "127.0.0.1") }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.Close(context.Background()) })
	return s, server.URL
}
