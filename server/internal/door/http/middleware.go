package httpdoor

import (
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// routeEscaped has Echo route by the path as it was sent. Otherwise it hands parameters over escaped or not, depending on
// which characters they hold.
func routeEscaped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		u.RawPath = u.EscapedPath()
		return next(c)
	}
}

// param is a path parameter, unescaped once.
func param(c echo.Context, name string) (string, error) {
	escaped := c.Param(name)
	value, err := url.PathUnescape(escaped)
	// The last parameter of a route takes in slashes that follow.
	if err != nil || strings.Contains(escaped, "/") {
		return "", wire.Errorf(wire.CodeNotFound, "there is nothing at this path")
	}
	return value, nil
}

// logged writes a line a request at level debug, without the query, which may hold a token.
func (a *API) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start, r := time.Now(), c.Request()
		err := next(c)
		if err != nil {
			c.Error(err) // now, so that the status is known
		}
		a.Log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", c.Response().Status, "took", time.Since(start))
		return nil
	}
}

// recovered turns a panic into an answer.
func (a *API) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				a.Log.Error("a request panicked", "path", c.Path(), "panic", p, "stack", string(debug.Stack()))
				err = wire.Errorf(wire.CodeInternal, "this is our fault, and was logged")
			}
		}()
		return next(c)
	}
}

// securityHeaders sets headers that keep browsers from guessing.
func securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}
