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
	bodyTimeout  = 10 * time.Second // for a client to send its body
)

// readBody reads the JSON object that a request must have.
func readBody(c echo.Context, limit int64, into any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return wire.Errorf(wire.CodeUnsupportedMedia, "the body must be JSON, with Content-Type: application/json")
	}
	// There is no time-out for whole requests, since some wait long on purpose.
	deadline := http.NewResponseController(c.Response())
	_ = deadline.SetReadDeadline(time.Now().Add(bodyTimeout)) // what can't be set, as in some tests, does not matter
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return wire.Errorf(wire.CodeTooLarge, "the body must be at most %d bytes", limit)
	case err != nil:
		return wire.Errorf(wire.CodeInvalid, "the body did not arrive whole")
	}
	_ = deadline.SetReadDeadline(time.Time{})
	if err := wire.DecodeStrict(body, into); err != nil {
		return wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	return nil
}
