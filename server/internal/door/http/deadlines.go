package httpdoor

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	bodyTimeout   = 10 * time.Second // to receive a body that the answer needs
	lateTimeout   = time.Second      // to receive a body that the answer does not need, or while the server stops; then the connection closes
	answerTimeout = 10 * time.Second // for the client to take an answer, streams apart
)

// WriteTimeout bounds answers that no handler bounds, net/http's own too. It is longer than a long poll with its answer.
const WriteTimeout = maxWait + answerTimeout

// deadlines bounds the time for each body and each answer, on all routes and with every status. net/http has such bounds
// for whole requests only, which would end long polls.
func (a *API) deadlines(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		conn := http.NewResponseController(c.Response())
		b := &body{conn: conn}
		if r := c.Request(); r.ContentLength != 0 {
			b.ReadCloser, b.pending = r.Body, true
			_ = conn.SetReadDeadline(time.Now().Add(bodyTimeout)) // some tests can't set it, and need not
			r.Body = b                                            // of the copy that outlasting made: net/http knows its own body only
			forget := context.AfterFunc(a.stop, b.hurry)
			defer func() { forget(); b.end() }()
		}
		c.Response().Before(func() {
			b.giveUp()
			if c.Response().Status == http.StatusMethodNotAllowed || c.Request().Method == http.MethodOptions {
				allowHEAD(c.Response().Header())
			}
			_ = conn.SetWriteDeadline(time.Now().Add(answerTimeout))
		})
		return next(c)
	}
}

// body is the body of a request. Its read deadline must end with it, else net/http would think that the client has gone.
type body struct {
	io.ReadCloser

	mu      sync.Mutex
	conn    *http.ResponseController
	pending bool // more may come
	failed  bool
	hurried bool // the server stops
	over    bool // the handler has returned: the connection may be another request's by now
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, io.EOF):
		b.pending = false
		_ = b.conn.SetReadDeadline(time.Time{})
	case b.hurried && errors.Is(err, os.ErrDeadlineExceeded):
		b.failed, err = true, wire.StoppingError()
	default:
		b.failed = true
	}
	return n, err
}

// hurry bounds how long the rest of the body holds up a server that stops. A body that came whole has no deadline any more,
// and its request is answered.
func (b *body) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending && !b.failed && !b.over {
		b.hurried = true
		_ = b.conn.SetReadDeadline(time.Now().Add(lateTimeout))
	}
}

func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}

// giveUp bounds how long net/http waits for the rest of the body before it answers, and then closes the connection. A
// client that is still sending gets the answer only if its data is read.
func (b *body) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.failed:
		_ = b.conn.SetReadDeadline(time.Now())
	case b.pending:
		_ = b.conn.SetReadDeadline(time.Now().Add(lateTimeout))
	}
}

// receive reads a body of up to limit bytes to its end.
func receive(c echo.Context, limit int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
	var tooLarge *http.MaxBytesError
	var stopping *wire.Error
	switch {
	case errors.As(err, &stopping):
		return nil, stopping
	case errors.As(err, &tooLarge):
		return nil, wire.Errorf(wire.CodeTooLarge, "the body must be at most %d bytes", limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, wire.Errorf(wire.CodeBodyTimeout, "the body must arrive within %v", bodyTimeout)
	case err != nil:
		return nil, wire.Errorf(wire.CodeInvalid, "the body is incomplete")
	}
	return data, nil
}

// plainBodies refuses compressed bodies on all routes: a small one could become large.
func plainBodies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if coding := c.Request().Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
			c.Response().Header().Set("Accept-Encoding", "identity")
			return wire.Errorf(wire.CodeUnsupportedMedia, "the body must come as it is, without Content-Encoding")
		}
		return next(c)
	}
}

type headKey struct{}

// asGET routes a HEAD as the GET of the same path; net/http leaves the body out. A WebSocket can't be opened by HEAD.
func asGET(r *http.Request) *http.Request {
	if r.Method != http.MethodHead || r.Header.Get("Upgrade") != "" {
		return r
	}
	r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
	r.Method = http.MethodGet
	return r
}

// allowHEAD adds to Echo's list of methods what asGET makes of GET.
func allowHEAD(h http.Header) {
	if allow := h.Get("Allow"); allow != "" {
		h.Set("Allow", strings.Replace(allow, "GET", "GET, HEAD", 1))
	}
}

// isHEAD reports whether a request wants the head of the answer only, and so must not wait for news.
func isHEAD(c echo.Context) bool { return c.Request().Context().Value(headKey{}) != nil }
