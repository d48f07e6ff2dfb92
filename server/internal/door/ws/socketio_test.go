package ws

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The cases of the official suite for Socket.IO 5, apart from binary answers, by both transports. So are those of Engine.IO
// that have no session.

// channel is a client with its handshake, by any transport.
type channel interface {
	send(frame string)
	next() string // "closed" in the end
}

type socketChannel struct {
	t    *testing.T
	conn *websocket.Conn
}

func (c socketChannel) send(frame string) { write(c.t, c.conn, frame) }

func (c socketChannel) next() string {
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		return "closed"
	}
	return string(data)
}

type pollingChannel struct {
	*client
	frames []string
}

func (c *pollingChannel) send(frame string) { c.do(c.t.Context(), http.MethodPost, frame) }

func (c *pollingChannel) next() string {
	if len(c.frames) == 0 {
		status, body := c.get()
		if status != http.StatusOK || body == "1" {
			return "closed"
		}
		c.frames = strings.Split(body, "\x1e")
	}
	frame := c.frames[0]
	c.frames = c.frames[1:]
	return frame
}

// events serves an echo of events.
func events(t *testing.T, times Times) (url string) {
	t.Helper()
	s := newEcho(t.Context(), eventEcho, times)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.SocketIO(w, r, "127.0.0.1") }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.Close(t.Context()) })
	return server.URL
}

func TestSocketIOProtocol(t *testing.T) {
	t.Parallel()
	const welcome, rest = `40{"sid":…`, "…"
	url := events(t, Times{})
	for name, dialogue := range map[string][]string{ // > marks lines of the client
		"the main namespace":                   {">40", welcome, `42["auth",{}]`},
		"the main namespace with a payload":    {`>40{"token":"123"}`, welcome, `42["auth",{"token":"123"}]`},
		"another namespace":                    {">40/custom,", `40/custom,{"sid":…`, `42/custom,["auth",{}]`},
		"another namespace with a payload":     {`>40/custom,{"token":"abc"}`, `40/custom,{"sid":…`, `42/custom,["auth",{"token":"abc"}]`},
		"a namespace that there is not":        {">40/random", `44/random,{"message":"Invalid namespace"}`},
		"no namespace but a packet":            {">4abc", "closed"},
		"leaving the main namespace":           {">40", welcome, rest, ">41", ">40", welcome, rest},
		"leaving another namespace":            {">40", welcome, rest, ">40/custom", rest, rest, ">41/custom", `>42["message","to /"]`, `42["message-back","to /"]`},
		"an event":                             {">40", welcome, rest, `>42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`},
		"an event with an acknowledgement":     {">40", welcome, rest, `>42456["message-with-ack",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`},
		"a packet of an unknown type":          {">40", welcome, rest, ">4abc", rest, "closed"},
		"a payload that is none":               {">40", welcome, rest, ">42{}", rest, "closed"},
		"an acknowledgement's id that is none": {">40", welcome, rest, `>42abc["message-with-ack",1,"2",{"3":[false]}]`, rest, "closed"},
	} {
		for transport, c := range map[string]channel{
			"websocket": socketChannel{t, dial(t, strings.Replace(url, "http", "ws", 1), "EIO=4")},
			"polling":   &pollingChannel{client: handshakeOf(t, url, "EIO=4")},
		} {
			for _, line := range dialogue {
				if frame, sends := strings.CutPrefix(line, ">"); sends {
					c.send(frame)
					continue
				}
				start, _, partly := strings.Cut(line, "…")
				if got := c.next(); got != line && !(partly && strings.HasPrefix(got, start)) {
					t.Errorf("%s, by %s: got %s, want %s", name, transport, got, line)
					break
				}
			}
		}
	}
}

// A client that joins no namespace is closed, by whatever transport.
func TestNoSocketIOHandshake(t *testing.T) {
	t.Parallel()
	url := events(t, Times{Join: 50 * time.Millisecond})
	for transport, c := range map[string]channel{
		"websocket": socketChannel{t, dial(t, strings.Replace(url, "http", "ws", 1), "EIO=4")},
		"polling":   &pollingChannel{client: handshakeOf(t, url, "EIO=4")},
	} {
		if got := c.next(); got != "closed" {
			t.Errorf("%s: got %s", transport, got)
		}
	}
}

// Engine.IO refuses a request that opens no session. A WebSocket ends upon a packet that is none, and when its client closes it.
func TestEngineRefusals(t *testing.T) {
	t.Parallel()
	_, url := echo(t, Times{})
	for _, c := range []struct{ method, query, answer string }{
		{http.MethodGet, "transport=polling", `{"code":5,`},
		{http.MethodGet, "EIO=abc&transport=polling", `{"code":5,`},
		{http.MethodGet, "EIO=4", `{"code":0,`},
		{http.MethodGet, "EIO=4&transport=abc", `{"code":0,`},
		{http.MethodPost, "EIO=4&transport=polling", `{"code":2,`},
		{http.MethodPut, "EIO=4&transport=polling", `{"code":2,`},
		{http.MethodGet, "EIO=4&transport=websocket", `{"code":3,`},
		{http.MethodGet, "EIO=abc&transport=websocket", `{"code":5,`},
	} {
		r := &client{t: t, url: url + "/engine.io/?" + c.query}
		if status, answer := r.do(t.Context(), c.method, ""); status != http.StatusBadRequest || !strings.HasPrefix(answer, c.answer) {
			t.Errorf("%s %s: %d %s", c.method, c.query, status, answer)
		}
	}
	for _, version := range []string{"EIO=4", "EIO=3"} {
		for _, frame := range []string{"abc", "1"} {
			c := socketChannel{t, dial(t, strings.Replace(url, "http", "ws", 1), version)}
			c.send("4hello")
			if got := c.next(); got != "4hello" {
				t.Errorf("%s: got %s", version, got)
			}
			c.send(frame)
			if got := c.next(); got != "closed" {
				t.Errorf("%s: after %s the client gets %s", version, frame, got)
			}
		}
	}
}
