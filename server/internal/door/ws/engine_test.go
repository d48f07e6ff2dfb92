package ws

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// The cases of the official suites for Engine.IO 4 and 3, apart from binary answers.

// engines are the versions, with their bodies of packets.
var engines = []struct {
	query string
	body  func(packets ...string) string
}{
	{"EIO=4", func(packets ...string) string { return strings.Join(packets, "\x1e") }},
	{"EIO=3", func(packets ...string) string {
		length := map[int]string{1: "1:", 6: "6:"}
		var body strings.Builder
		for _, p := range packets {
			body.WriteString(length[len(p)] + p)
		}
		return body.String()
	}},
}

// eachEngine runs a test with an echo for each version.
func eachEngine(t *testing.T, times Times, test func(t *testing.T, s *Sockets, c *client, body func(packets ...string) string)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.query, func(t *testing.T) {
			t.Parallel()
			s, url := echo(t, times)
			test(t, s, handshakeOf(t, url, e.query), e.body)
		})
	}
}

func TestPollingHandshake(t *testing.T) {
	t.Parallel()
	times := Times{PingInterval: 300 * time.Second, PingTimeout: 200 * time.Second}
	eachEngine(t, times, func(t *testing.T, s *Sockets, c *client, _ func(...string) string) {
		h := c.open
		if len(h.SID) < 22 || !slices.Equal(h.Upgrades, []string{"websocket"}) || h.PingInterval != 300_000 || h.PingTimeout != 200_000 {
			t.Errorf("got %+v", h)
		}
		if want := map[string]int{"EIO=4": s.maxPayload}[c.version]; h.MaxPayload != want {
			t.Errorf("the largest payload is %d, want %d", h.MaxPayload, want)
		}
	})
}

func TestPolledMessages(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{}, func(t *testing.T, _ *Sockets, c *client, body func(...string) string) {
		for _, sent := range []string{body("4hello"), body("4test1", "4test2", "4test3")} {
			c.post(sent)
			if status, got := c.get(); status != http.StatusOK || got != sent {
				t.Errorf("got %d %q, want %q", status, got, sent)
			}
		}
	})
}

// A poll is answered with at most 16 packets, which is what the client in python takes.
func TestManyPackets(t *testing.T) {
	t.Parallel()
	_, url := echo(t, Times{})
	c := handshakeOf(t, url, "EIO=4")
	c.post(strings.Repeat("4x\x1e", 19) + "4y")
	_, first := c.get()
	_, second := c.get()
	if first != strings.Repeat("4x\x1e", 15)+"4x" || second != "4x\x1e4x\x1e4x\x1e4y" {
		t.Errorf("got %q and %q", first, second)
	}
}

func TestMalformedBody(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{}, func(t *testing.T, s *Sockets, c *client, _ func(...string) string) {
		if status, answer := c.do(t.Context(), http.MethodPost, "abc"); status != http.StatusBadRequest || !strings.HasPrefix(answer, `{"code":3,`) {
			t.Errorf("got %d %s", status, answer)
		}
		untilForgotten(t, s, c)
		c.ended()
	})
}

func TestSecondGET(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{}, func(t *testing.T, s *Sockets, c *client, body func(...string) string) {
		first := c.getting()
		untilPolled(t, s, c, true)
		if status, answer := c.get(); status != http.StatusBadRequest || !strings.HasPrefix(answer, `{"code":3,`) {
			t.Errorf("the second is answered with %d %s", status, answer)
		}
		if got := <-first; got != "OK "+body("1") {
			t.Errorf("the first is answered with %q", got)
		}
		c.ended()
	})
}

// untilForgotten waits until there is no such session.
func untilForgotten(t *testing.T, s *Sockets, c *client) {
	t.Helper()
	matchqtest.Eventually(t, "the session has ended", func() bool {
		_, ok := s.pollers.Load(c.open.SID)
		return !ok
	})
}

// untilPolled waits until a poll waits, or none does.
func untilPolled(t *testing.T, s *Sockets, c *client, want bool) {
	t.Helper()
	matchqtest.Eventually(t, "a poll waits", func() bool {
		found, ok := s.pollers.Load(c.open.SID)
		if !ok {
			return !want
		}
		p := found.(*poller)
		p.mu.Lock()
		defer p.mu.Unlock()
		return (p.waiting != nil) == want
	})
}

func TestBrokenGET(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{}, func(t *testing.T, s *Sockets, c *client, _ func(...string) string) {
		ctx, cancel := context.WithCancel(t.Context())
		broken := make(chan int)
		go func() {
			status, _ := c.do(ctx, http.MethodGet, "")
			broken <- status
		}()
		untilPolled(t, s, c, true)
		cancel()
		if status := <-broken; status != 0 {
			t.Errorf("answered with %d", status)
		}
		matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 0 })
		c.ended()
	})
}

func TestPolledPings(t *testing.T) {
	t.Parallel()
	_, url := echo(t, Times{PingInterval: 50 * time.Millisecond, PingTimeout: patience})
	c := handshakeOf(t, url, "EIO=4")
	for range 3 {
		c.wants("2")
		c.post("3")
	}
	old := handshakeOf(t, url, "EIO=3")
	for range 3 {
		old.post("1:2")
		if _, got := old.get(); got != "1:3" {
			t.Errorf("got %q", got)
		}
	}
}

// A client without a sign of life has its session for no longer than both times. It hears of the end if it polls.
func TestSilentPoller(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{PingInterval: 30 * time.Millisecond, PingTimeout: 20 * time.Millisecond}, func(t *testing.T, s *Sockets, c *client, _ func(...string) string) {
		matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 0 })
		c.ended()
	})
	s, url := echo(t, Times{PingInterval: 30 * time.Millisecond, PingTimeout: patience})
	c := handshakeOf(t, url, "EIO=4")
	c.wants("2")
	told := c.getting()
	untilPolled(t, s, c, true)
	pollerOf(t, s, c).heartbeat.onTimer() // as if the time-out had passed, in which a busy machine may not poll
	if got := <-told; got != "OK 1" {
		t.Errorf("the poll is answered with %q", got)
	}
	matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 0 })
}

func TestPollerCloses(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{Close: patience}, func(t *testing.T, s *Sockets, c *client, body func(...string) string) {
		got := c.getting()
		untilPolled(t, s, c, true)
		c.post(body("1"))
		if answer := <-got; answer != "OK "+body("6") {
			t.Errorf("the poll is answered with %q", answer)
		}
		c.ended()
	})
	eachEngine(t, Times{Close: patience}, func(t *testing.T, _ *Sockets, c *client, body func(...string) string) {
		c.post(body("1")) // it overtakes the poll
		if _, got := c.get(); got != body("6") {
			t.Errorf("the poll that comes late is answered with %q", got)
		}
		c.ended()
	})
}

// socketOf opens a WebSocket with the sid of a session.
func (c *client) socketOf() *websocket.Conn {
	c.t.Helper()
	return open(c.t, "ws"+strings.TrimPrefix(strings.Replace(c.url, "polling", "websocket", 1), "http"))
}

// probed opens a WebSocket and probes it.
func (c *client) probed() *websocket.Conn {
	c.t.Helper()
	conn := c.socketOf()
	write(c.t, conn, "2probe")
	if got := next(c.t, conn); got != "3probe" {
		c.t.Fatalf("got %s", got)
	}
	return conn
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	eachEngine(t, Times{}, func(t *testing.T, s *Sockets, c *client, body func(...string) string) {
		waiting := c.getting()
		untilPolled(t, s, c, true)
		conn := c.probed()
		if got := <-waiting; got != "OK "+body("6") {
			t.Errorf("the poll that waited is answered with %q", got)
		}
		begin := time.Now()
		if _, got := c.get(); got != body("6") || time.Since(begin) < noopAfter/2 {
			t.Errorf("a poll beside the probe is answered with %q after %v", got, time.Since(begin))
		}
		c.post(body("4early"))
		write(t, conn, "5")
		if got := next(t, conn); got != "4early" { // it waited
			t.Errorf("got %s", got)
		}
		write(t, conn, "4hello")
		if got := next(t, conn); got != "4hello" {
			t.Errorf("got %s", got)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if status, answer := c.do(t.Context(), method, "1:2"); status != http.StatusBadRequest || !strings.HasPrefix(answer, `{"code":3,`) {
				t.Errorf("%s after the upgrade is answered with %d %s", method, status, answer)
			}
		}
		second := c.socketOf()
		if _, _, err := second.ReadMessage(); !websocket.IsCloseError(err, closeProtocol) {
			t.Errorf("a second WebSocket: %v", err)
		}
		write(t, conn, "4again")
		if got := next(t, conn); got != "4again" {
			t.Errorf("got %s", got)
		}
		write(t, conn, "1")
		if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, closeNormal) {
			t.Errorf("in the end: %v", err)
		}
		matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 0 })
	})
}

// A WebSocket that does not complete the upgrade is closed, and the session goes on.
func TestFailedUpgrades(t *testing.T) {
	t.Parallel()
	s, url := echo(t, Times{})
	c := handshakeOf(t, url, "EIO=4")
	for name, fail := range map[string]func(conn *websocket.Conn){
		"5 without 2probe": func(conn *websocket.Conn) { write(t, conn, "5") },
		"a message":        func(conn *websocket.Conn) { write(t, conn, "4hello") },
		"binary":           func(conn *websocket.Conn) { _ = conn.WriteMessage(websocket.BinaryMessage, []byte("5")) },
	} {
		conn := c.socketOf()
		fail(conn)
		if _, data, err := conn.ReadMessage(); !websocket.IsCloseError(err, closeProtocol) {
			t.Errorf("%s: %s %v", name, data, err)
		}
		_ = conn.Close()
		untilUnprobed(t, s, c)
	}
	conn := c.probed() // as if nothing had happened
	_ = conn.Close()
	untilUnprobed(t, s, c)
	c.post("4still")
	c.wants("4still")
	conn = c.probed()
	c.post("1") // the session ends beside its probe
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the probe goes on")
	}
}

// A WebSocket that does nothing is closed after a while, and the session goes on.
func TestIdleUpgrade(t *testing.T) {
	t.Parallel()
	s, url := echo(t, Times{Upgrade: 50 * time.Millisecond})
	c := handshakeOf(t, url, "EIO=4")
	conn := c.socketOf()
	if _, data, err := conn.ReadMessage(); !websocket.IsCloseError(err, closeProtocol) {
		t.Errorf("got %s %v", data, err)
	}
	untilUnprobed(t, s, c)
	c.post("4still")
	c.wants("4still")
}

func untilUnprobed(t *testing.T, s *Sockets, c *client) {
	t.Helper()
	p := pollerOf(t, s, c)
	matchqtest.Eventually(t, "there is no probe", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.probe == nil && !p.probed
	})
}

func TestSecondPOST(t *testing.T) {
	t.Parallel()
	s, url := echo(t, Times{})
	c := handshakeOf(t, url, "EIO=4")
	c.post("3")
	p := pollerOf(t, s, c)
	p.receiving.Lock() // the first waits
	first := make(chan int)
	go func() {
		status, _ := c.do(t.Context(), http.MethodPost, "4a")
		first <- status
	}()
	matchqtest.Eventually(t, "a POST is being handled", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.posting
	})
	if status, answer := c.do(t.Context(), http.MethodPost, "4b"); status != http.StatusBadRequest {
		t.Errorf("the second is answered with %d %s", status, answer)
	}
	p.receiving.Unlock()
	<-first
	matchqtest.Eventually(t, "the session has ended", func() bool { return s.Open() == 0 })
}

func pollerOf(t *testing.T, s *Sockets, c *client) *poller {
	t.Helper()
	found, ok := s.pollers.Load(c.open.SID)
	if !ok {
		t.Fatal("no session")
	}
	return found.(*poller)
}
