package httpdoor

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// routeEscaped makes Echo route by the path as sent. Otherwise it passes parameters escaped or unescaped, depending on
// their characters.
func routeEscaped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		u.RawPath = u.EscapedPath()
		return next(c)
	}
}

// plainQuery refuses a query that can't be read. net/url leaves out what it can't read: a dry run would become a change.
func (a *API) plainQuery(next echo.HandlerFunc) echo.HandlerFunc {
	calls := a.Prefix + "/v1/"
	return func(c echo.Context) error {
		if u := c.Request().URL; u.RawQuery != "" && strings.HasPrefix(u.Path, calls) {
			if _, err := url.ParseQuery(u.RawQuery); err != nil {
				return wire.Errorf(wire.CodeInvalid, "the query is malformed: write %% as %%25 and ; as %%3B")
			}
		}
		return next(c)
	}
}

type clientKey struct{}

// outlasting has a request go on though its client seems to have gone: net/http says so of one that has only closed its
// sending side. What waits long asks whileThere.
func outlasting(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		c.SetRequest(r.WithContext(context.WithValue(context.WithoutCancel(r.Context()), clientKey{}, r.Context())))
		return next(c)
	}
}

// whileThere ends when the client has gone, or this server stops.
func whileThere(c echo.Context) context.Context {
	ctx, _ := c.Request().Context().Value(clientKey{}).(context.Context)
	return ctx
}

// param returns a path parameter, unescaped once.
func param(c echo.Context, name string) (string, error) {
	escaped := c.Param(name)
	value, err := url.PathUnescape(escaped)
	// The last parameter of a route includes later slashes.
	if err != nil || strings.Contains(escaped, "/") {
		return "", wire.Errorf(wire.CodeNotFound, "no such path")
	}
	return value, nil
}

// logged logs requests at level debug, without the query, which may hold a token.
func (a *API) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start, r := time.Now(), c.Request()
		err := next(c)
		if err != nil {
			c.Error(err) // sets the status
		}
		if !a.Log.Enabled(context.Background(), slog.LevelDebug) {
			return nil // the attributes alone cost several allocations
		}
		a.Log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", c.Response().Status, "took", time.Since(start))
		return nil
	}
}

// recovered answers after a panic.
func (a *API) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				a.Log.Error("a request panicked", "path", c.Path(), "panic", p, "stack", string(debug.Stack()))
				err = wire.Errorf(wire.CodeInternal, "internal error")
			}
		}()
		return next(c)
	}
}

// The values of securityHeaders are shared by all answers: a slice for each would be an allocation.
var (
	noSniffing = []string{"nosniff"}
	noFrames   = []string{"DENY"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
)

// securityHeaders sets headers against guesses of browsers.
func securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h["X-Content-Type-Options"] = noSniffing
		h["X-Frame-Options"] = noFrames
		h["Referrer-Policy"] = noReferrer
		h["Content-Security-Policy"] = noContent
		h["Cache-Control"] = noStore
		return next(c)
	}
}
