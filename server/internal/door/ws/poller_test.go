package ws

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// polling serves Socket.IO from options, and opens a session that polls and is in /sunapp.
func polling(t *testing.T, o Options) (s *Sockets, c *client) {
	t.Helper()
	s, url, _ := serve(t, o)
	c = handshakeOf(t, url, "EIO=4")
	c.post("40/sunapp,")
	c.wants(`40/sunapp,{"sid":…`)
	return s, c
}

// The handshake of Engine.IO 3 goes out alone. A client that does not come back is in no namespace.
func TestOldHandshake(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{Times: Times{Join: patience}})
	c := handshakeOf(t, url, "EIO=3")
	if _, got := c.get(); got != "2:40" {
		t.Errorf("got %q", got)
	}
	c.post("14:40/sunapp?x=1,")
	if _, got := c.get(); got != "10:40/sunapp," {
		t.Errorf("got %q", got)
	}
	away := handshakeOf(t, url, "EIO=3")
	p := pollerOf(t, s, away)
	if p.outlet.has("/") {
		t.Error("it is in a namespace")
	}
	s, url, _ = serve(t, Options{Times: Times{Join: time.Millisecond}})
	away = handshakeOf(t, url, "EIO=3")
	matchqtest.Eventually(t, "it has gone", func() bool { return s.Open() == 0 })
	away.ended()
}

// A session that polls takes a place of its address until its end.
func TestPollersAreBounded(t *testing.T) {
	t.Parallel()
	var dropped reasons
	s, url, _ := serve(t, Options{Slots: &limits.Slots{Max: 2}, Dropped: dropped.add})
	c := handshakeOf(t, url, "EIO=4")
	handshakeOf(t, url, "EIO=3")
	over := &client{t: t, url: c.url[:strings.Index(c.url, "&sid")]}
	if status, _ := over.get(); status != http.StatusTooManyRequests || dropped.all() != dropTooMany {
		t.Errorf("one too many is answered with %d, and %q is counted", status, dropped.all())
	}
	conn := c.probed() // the upgrade takes no other place
	write(t, conn, "5")
	write(t, conn, "1")
	matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 1 })
	handshakeOf(t, url, "EIO=4")
}

// The public part of a session lets nobody into it.
func TestPublishedSid(t *testing.T) {
	t.Parallel()
	_, c := polling(t, Options{})
	c.post(`42/sunapp,1["check_socket_id"]`)
	_, got := c.get()
	_, published, _ := strings.Cut(got, `{"sid":"`)
	published, _, _ = strings.Cut(published, `"`)
	if published == "" || strings.Contains(got, c.open.SID) {
		t.Fatalf("got %s", got)
	}
	other := &client{t: t, url: strings.Replace(c.url, c.open.SID, published, 1)}
	other.ended()
	if status, _ := other.do(t.Context(), http.MethodPost, "1"); status != http.StatusBadRequest {
		t.Errorf("a POST is answered with %d", status)
	}
	c.post("42/sunapp,2[\"check_socket_id\"]")
	c.wants(`42/sunapp,["notify_socket_id",…`, `43/sunapp,2[…`)
}

// Each request of a session is held against the identity of its client.
func TestPollersKeepTheirIdentity(t *testing.T) {
	t.Parallel()
	_, url, _ := serve(t, Options{Guard: guard(t)})
	alice, bob := tokenOf(t, "alice"), tokenOf(t, "bob")
	byAddress := handshakeOf(t, url, "EIO=4&token="+alice)
	byPacket := handshakeOf(t, url, "EIO=4")
	byPacket.post(`40/sunapp,{"token":"` + alice + `"}`)
	byPacket.wants(`40/sunapp,{"sid":…`)
	wrong := handshakeOf(t, url, "EIO=4&token=sesame")
	wrong.post(`40/sunapp,{"token":"` + alice + `"}`)
	wrong.wants(`40/sunapp,{"sid":…`)
	trusted := handshakeOf(t, url, "EIO=4&token=api-key-of-sixteen-bytes")
	for _, c := range []struct {
		name   string
		of     *client
		token  string
		header string
		status int
	}{
		{"the same token", byAddress, alice, "", http.StatusOK},
		{"the token as a header", byAddress, "", "Bearer " + alice, http.StatusOK},
		{"another's", byAddress, bob, "", http.StatusForbidden},
		{"another's as a header", byAddress, "", "Bearer " + bob, http.StatusForbidden},
		{"a wrong one", byAddress, "sesame", "", http.StatusForbidden},
		{"none, though the handshake had one", byAddress, "", "", http.StatusForbidden},
		{"none, as in the handshake", byPacket, "", "", http.StatusOK},
		{"another's than that of the namespace", byPacket, bob, "", http.StatusForbidden},
		{"a wrong one from the start", wrong, "sesame", "", http.StatusOK},
		{"the API key", trusted, "api-key-of-sixteen-bytes", "", http.StatusOK},
		{"a player's instead of the API key", trusted, alice, "", http.StatusForbidden},
	} {
		r := &client{t: t, url: strings.Replace(c.of.url, "&token="+tokenIn(mustParse(t, c.of.url)), "", 1), header: http.Header{}}
		if c.token != "" {
			r.url += "&token=" + c.token
		}
		if c.header != "" {
			r.header.Set("Authorization", c.header)
		}
		if status, answer := r.do(t.Context(), http.MethodPost, "3"); status != c.status ||
			status == http.StatusForbidden && !strings.HasPrefix(answer, `{"code":4,"message":"Forbidden"`) {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	upgrading := &client{t: t, url: strings.Replace(byAddress.url, "&token="+alice, "", 1)}
	upgrading.probed() // browsers' WebSockets have no Authorization
}

func mustParse(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.RawQuery
}

// A client that polls is told of its end by an error, before its session ends.
func TestPollersAreToldOfTheirEnd(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		sessions.CloseGoingAway:    `42/sunapp,["error",{"code":"shutting_down","message":"why"}]`,
		sessions.CloseReplaced:     `42/sunapp,["error",{"code":"replaced","message":"why"}]|41/sunapp,`,
		sessions.CloseUnauthorized: `42/sunapp,["error",{"code":"unauthorized","message":"why"}]|41/sunapp,`,
		closeProtocol:              `42/sunapp,["error",{"code":"bad_message","message":"why"}]`,
		closeTooLarge:              `42/sunapp,["error",{"code":"too_large","message":"why"}]`,
	} {
		for name, polls := range map[string]bool{"a poll waits": true, "no poll waits": false} {
			s, c := polling(t, Options{Times: Times{Close: patience}})
			p := pollerOf(t, s, c)
			got := make(<-chan string)
			if polls {
				got = c.getting()
				untilPolled(t, s, c, true)
			}
			p.Close(code, "why")
			if !polls {
				got = c.getting()
			}
			if answer := <-got; answer != "OK "+strings.ReplaceAll(want, "|", "\x1e") {
				t.Errorf("%d, %s: %q", code, name, answer)
			}
			c.ends(code)
			matchqtest.Eventually(t, "it has gone", func() bool { return s.Open() == 0 })
		}
	}
}

// A slow poller is cut off by the same rule as a slow socket.
func TestSlowPoller(t *testing.T) {
	t.Parallel()
	var dropped reasons
	s, c := polling(t, Options{Dropped: dropped.add, Times: Times{Close: patience}})
	p := pollerOf(t, s, c)
	for range maxQueued + 2 {
		p.Push("x", "", json.RawMessage(`{}`))
	}
	matchqtest.Eventually(t, "it is cut off", func() bool { return dropped.all() == dropTooSlow })
	c.wants(`42/sunapp,["x",{}]`, `42/sunapp,["error",{"code":"overloaded","message":"too slow"}]`)
	c.ended()
}

// One that never polls again is forgotten too.
func TestSlowPollerIsForgotten(t *testing.T) {
	t.Parallel()
	s, c := polling(t, Options{})
	p := pollerOf(t, s, c)
	for range maxQueued + 2 {
		p.Push("x", "", json.RawMessage(`{}`))
	}
	matchqtest.Eventually(t, "it has gone", func() bool { return s.Open() == 0 })
	c.ended()
}

// A packet that is too large ends the session. Its client hears why by a poll, and not by the status of its POST: the client in
// python does not come back after a status.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]struct {
		body   string
		status int
	}{
		"a large packet": {`42/sunapp,["x",{"a":"` + strings.Repeat("x", maxFrame) + `"}]`, http.StatusOK},
		"a large body":   {strings.Repeat("3\x1e", maxBodies*maxFrame), http.StatusRequestEntityTooLarge},
	} {
		var dropped reasons
		s, c := polling(t, Options{Dropped: dropped.add, Times: Times{Close: patience}})
		got := c.getting()
		untilPolled(t, s, c, true)
		if status, answer := c.do(t.Context(), http.MethodPost, sent.body); status != sent.status {
			t.Errorf("%s: answered with %d %s", name, status, answer)
		}
		if answer := <-got; !strings.HasPrefix(answer, `OK 42/sunapp,["error",{"code":"too_large",`) {
			t.Errorf("%s: the client is told %q", name, answer)
		}
		c.ends(closeTooLarge)
		if dropped.all() != dropTooLarge {
			t.Errorf("%s: %q is counted", name, dropped.all())
		}
	}
}

// Binary bodies are those of Engine.IO 3 only.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{})
	c := handshakeOf(t, url, "EIO=4")
	c.header.Set("Content-Type", "application/octet-stream")
	if status, _ := c.do(t.Context(), http.MethodPost, "3"); status != http.StatusBadRequest {
		t.Errorf("a binary body is answered with %d", status)
	}
	untilForgotten(t, s, c)
	c.ended()
	old := handshakeOf(t, url, "EIO=3")
	old.header.Set("Content-Type", "application/octet-stream")
	old.post("\x00\x09\xff40/sunapp")
	old.header.Del("Content-Type")
	if _, got := old.get(); got != "2:4010:40/sunapp," {
		t.Errorf("got %q", got)
	}
	matchqtest.Eventually(t, "one has gone", func() bool { return s.Open() == 1 })
}

// The server stops while polls wait, and while none does.
func TestPollersAndTheServersEnd(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{})
	var got []<-chan string
	for i := range 20 {
		c := handshakeOf(t, url, "EIO=4")
		c.post("40/sunapp,")
		c.wants(`40/sunapp,{"sid":…`)
		switch i % 3 {
		case 0:
			got = append(got, c.getting())
			untilPolled(t, s, c, true)
		case 1:
			c.probed()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.Close(ctx)
	if s.Open() != 0 {
		t.Errorf("%d are open", s.Open())
	}
	for _, answer := range got {
		if a := <-answer; a != `OK 42/sunapp,["error",{"code":"shutting_down","message":"the server is shutting down"}]` {
			t.Errorf("a poll is answered with %q", a)
		}
	}
	late := &client{t: t, url: "http" + strings.TrimPrefix(url, "ws") + "/socket.io/?EIO=4&transport=polling"}
	if status, _ := late.get(); status != http.StatusServiceUnavailable {
		t.Errorf("a client that comes too late is answered with %d", status)
	}
}

// Whatever a client posts, its session goes on or ends.
func FuzzPost(f *testing.F) {
	for _, seed := range []string{
		"40", "42[\"message\",1]\x1e3", "4:40/c", "2:404:42[]1:1", "\x00\x02\xff40", "bAQID", "1", "5", "2probe", "451-[\"message\",{}]\x1ebAQID", "",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, old bool) {
		s := newEcho(t.Context(), eventEcho, Times{})
		version := map[bool]string{true: "3", false: "4"}[old]
		request := func(method, query string, body []byte) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "/socket.io/?transport=polling&EIO="+version+query, bytes.NewReader(body))
			if old && len(body) > 0 && body[0] < 2 {
				r.Header.Set("Content-Type", "application/octet-stream")
			}
			w := httptest.NewRecorder()
			s.SocketIO(w, r, "127.0.0.1")
			return w
		}
		_, text, _ := strings.Cut(request(http.MethodGet, "", nil).Body.String(), `"sid":"`)
		sid, _, _ := strings.Cut(text, `"`)
		request(http.MethodPost, "&sid="+sid, []byte("1:3")[map[bool]int{true: 0, false: 2}[old]:])
		got := request(http.MethodPost, "&sid="+sid, body)
		if got.Code != http.StatusOK && got.Code != http.StatusBadRequest && got.Code != http.StatusRequestEntityTooLarge {
			t.Fatalf("%q is answered with %d", body, got.Code)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody reads the session's last messages
		s.Close(ctx)
		if s.Open() != 0 {
			t.Fatalf("%q leaves a session", body)
		}
	})
}
