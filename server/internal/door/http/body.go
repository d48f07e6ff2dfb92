package httpdoor

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	maxBody      = 64 << 10
	maxBatchBody = 1 << 20
	bodyTimeout  = 10 * time.Second // to receive a body
)

// readBody decodes the JSON object of a request's body.
func readBody(c echo.Context, limit int64, into any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return wire.Errorf(wire.CodeUnsupportedMedia, "the body must be JSON, with Content-Type: application/json")
	}
	// Requests have no time-out of their own, since long polls wait on purpose.
	deadline := http.NewResponseController(c.Response())
	_ = deadline.SetReadDeadline(time.Now().Add(bodyTimeout)) // some tests can't set it, and need not
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return wire.Errorf(wire.CodeTooLarge, "the body must be at most %d bytes", limit)
	case err != nil:
		return wire.Errorf(wire.CodeInvalid, "the body is incomplete")
	}
	_ = deadline.SetReadDeadline(time.Time{})
	if err := wire.DecodeStrict(body, into); err != nil {
		return wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	return nil
}
