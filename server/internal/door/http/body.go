package httpdoor

import (
	"mime"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	maxBody      = 64 << 10
	maxBatchBody = 1 << 20
)

// wantJSON refuses a body that says it is something else.
func wantJSON(c echo.Context) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return wire.Errorf(wire.CodeUnsupportedMedia, "the body must be JSON, with Content-Type: application/json")
	}
	return nil
}

// readBody decodes the JSON object of a request's body.
func readBody(c echo.Context, limit int64, into any) error {
	if err := wantJSON(c); err != nil {
		return err
	}
	data, err := receive(c, limit)
	if err != nil {
		return err
	}
	if err := wire.DecodeStrict(data, into); err != nil {
		return wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	return nil
}
