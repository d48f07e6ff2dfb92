package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// startFuzz runs a server on an embedded Redis for all inputs of a fuzz target.
func startFuzz(f *testing.F, args ...string) (address string, log journal) {
	f.Helper()
	parsed, err := flags.Parse(append([]string{"--addr", "127.0.0.1:0", "--rate-limit", "off"}, args...), io.Discard, io.Discard, nil)
	if err != nil {
		f.Fatal(err)
	}
	parsed.CallTimeout = patience
	log = newJournal()
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.Context()))
	n, err := app.Start(ctx, app.NewConfig(parsed, slog.New(log)))
	if err != nil {
		f.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.Error(err)
		}
	})
	return strings.TrimPrefix(n.URL(), "http://"), log
}

// checkLog fails if an input made the server log an error.
func (j journal) checkLog(t *testing.T) {
	t.Helper()
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	if bytes.Contains(j.all.Bytes(), []byte("level=ERROR")) { // a panic too
		t.Errorf("the log has\n%s", j.all.String())
	}
	j.all.Reset()
}

// FuzzRequest sends bytes to the HTTP port: request lines, Host, Origin, X-Forwarded-For, Last-Event-ID, Idempotency-Key,
// tokens, cookies, bodies.
func FuzzRequest(f *testing.F) {
	const ticket = "POST /v1/queues/q/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	for _, seed := range []string{
		"GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n", "HEAD /readyz HTTP/1.0\r\n\r\n", "OPTIONS /v1/stats HTTP/1.1\r\nHost: [::1]:1\r\nOrigin: http://x\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
		ticket + "Content-Length: 14\r\n\r\n{\"player\":\"a\"}", ticket + "Idempotency-Key: k\r\nX-Forwarded-For: 1.2.3.4:5, [::1]:6,, x\r\nContent-Length: 13\r\n\r\n{\"player\":17}",
		ticket + "Transfer-Encoding: chunked\r\n\r\ne\r\n{\"player\":\"b\"}\r\n0\r\n\r\n", ticket + "Authorization: Bearer a.b.c\r\nOrigin: https://Ä.example:443\r\nContent-Length: 2\r\n\r\n{}",
		"GET /v1/tickets/a/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n", "GET /v1/tickets/a?wait=1ms&since=1 HTTP/1.1\r\nHost: localhost\r\nCookie: matchq_operator=1.x\r\n\r\n",
		"GET /v1/admin/tickets?player=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /v1/queues?limit=1&after=a HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x80abcd",
		"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n\r\n", "\x16\x03\x01", "GET",
	} {
		f.Add([]byte(seed))
	}
	address, log := startFuzz(f, "--trusted-proxy", "127.0.0.1", "--allowed-origin", "https://app.example", "--admin-token", "admin-token-of-sixteen-bytes")
	f.Fuzz(func(t *testing.T, request []byte) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Write(request); err != nil {
			return // the server has refused it already
		}
		_ = conn.(*net.TCPConn).CloseWrite()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%q has no answer", request)
		}
		if err == nil {
			defer func() { _ = answer.Body.Close() }()
			// Of the answers from 500 on, 503 says that the server is busy, and 505 that it speaks no such HTTP.
			if code := answer.StatusCode; code >= 500 && code != http.StatusServiceUnavailable && code != http.StatusHTTPVersionNotSupported && code != http.StatusNotImplemented {
				t.Errorf("%q is answered %s", request, answer.Status)
			}
		}
		log.checkLog(t)
	})
}

// FuzzFrames sends frames by each dialect, separated by newlines.
func FuzzFrames(f *testing.F) {
	for at := range dialects {
		for _, frame := range dialects[at].all() {
			frame = strings.NewReplacer("$user", "17", "$friend", `"a"`, "$room", `"r"`, "$match", `"1-0-0"`, "$seq", `"1-0"`).Replace(frame)
			f.Add(byte(at), []byte("40/sunapp,\n"+frame))
		}
	}
	address, log := startFuzz(f, "--interval", "1h")
	f.Fuzz(func(t *testing.T, which byte, frames []byte) {
		d := &dialects[int(which)%len(dialects)]
		conn, answer, err := websocket.DefaultDialer.Dial("ws://"+address+d.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		defer func() { _ = conn.Close() }()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		for frame := range bytes.SplitSeq(frames, []byte("\n")) {
			kind := websocket.TextMessage
			if bytes.HasPrefix(frame, []byte{0}) {
				kind = websocket.BinaryMessage
			}
			_ = conn.WriteMessage(kind, frame) // the server may have closed it
		}
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		for {
			_, text, err := conn.ReadMessage()
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Fatalf("%s: %q: the server does not close", d.path, frames)
			}
			if err != nil {
				break
			}
			if !utf8.Valid(text) || d.mark == "" && !json.Valid(text) {
				t.Errorf("%s: %q is answered %q", d.path, frames, text)
			}
		}
		log.checkLog(t)
	})
}
