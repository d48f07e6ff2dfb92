package httpdoor

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// timedWriter notes the read deadline of its connection.
type timedWriter struct {
	*httptest.ResponseRecorder

	deadline time.Time
}

func (w *timedWriter) SetReadDeadline(t time.Time) error {
	w.deadline = t
	return nil
}

// A server that stops gives a body that is under way a second, and leaves a request alone of which all has come.
func TestStoppingHurriesBodiesOnly(t *testing.T) {
	for name, c := range map[string]struct {
		before func(b *body)
		hurry  bool
	}{
		"under way":    {func(*body) {}, true},
		"came whole":   {func(b *body) { _, _ = io.ReadAll(b) }, false},
		"was answered": {func(b *body) { b.end() }, false},
	} {
		w := &timedWriter{ResponseRecorder: httptest.NewRecorder()}
		b := &body{ReadCloser: io.NopCloser(strings.NewReader("{}")), conn: http.NewResponseController(w), pending: true}
		c.before(b)
		b.hurry()
		if hurried := !w.deadline.IsZero(); hurried != c.hurry || time.Until(w.deadline) > lateTimeout {
			t.Errorf("%s: the read deadline is %v", name, w.deadline)
		}
	}
	b := &body{ReadCloser: io.NopCloser(lateReader{}), conn: http.NewResponseController(&timedWriter{}), pending: true}
	b.hurry()
	_, err := b.Read(make([]byte, 1))
	if fault, ok := errors.AsType[*wire.Error](err); !ok || fault.Code != wire.CodeShuttingDown {
		t.Errorf("a body that did not come: %v", err)
	}
}

// lateReader is a body whose deadline has passed.
type lateReader struct{}

func (lateReader) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
