package httpdoor

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// problem is an error as clients get it (RFC 9457). The code is stable, the detail is for people.
type problem struct {
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Code   wire.Code   `json:"code"`
	Detail string      `json:"detail"`
	Ticket *ticketView `json:"ticket,omitempty"`
	Match  *matchView  `json:"match,omitempty"`
}

func problemOf(f *wire.Error) problem {
	p := problem{Title: http.StatusText(f.Status()), Status: f.Status(), Code: f.Code, Detail: f.Message}
	if f.Ticket != nil {
		p.Ticket = viewTicket(f.Ticket)
	}
	if f.Match != nil {
		p.Match = viewMatch(f.Match)
	}
	return p
}

// handleError is Echo's error handler.
func (a *API) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f := errorOf(err, c.Request())
	if f.Code == wire.CodeInternal || f.Code == wire.CodeConfigMismatch {
		a.Log.Error("a request failed", "path", c.Path(), "error", err)
	}
	if f.Code == wire.CodeNotFound && a.forPeople(c.Request()) {
		a.Pages.ServeMissing(c.Response())
		return
	}
	WriteError(c.Response(), c.Request(), f)
}

// errorOf returns the wire.Error of an error, also of Echo's.
func errorOf(err error, r *http.Request) *wire.Error {
	if own, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch own.Code {
		case http.StatusNotFound:
			return wire.Errorf(wire.CodeNotFound, "no such path")
		case http.StatusMethodNotAllowed:
			return wire.Errorf(wire.CodeMethodNotAllowed, "this path does not take %s", r.Method)
		}
	}
	return wire.ErrorOf(err)
}

// Overloaded is the answer to a connection that gets no other: too many are open.
func Overloaded() []byte {
	f := wire.Errorf(wire.CodeOverloaded, "too many connections are open; try again later")
	body := wire.Encode(problemOf(f))
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s",
		f.Status(), http.StatusText(f.Status()), len(body), body)
}

// WriteError answers a request with an error.
func WriteError(w http.ResponseWriter, r *http.Request, f *wire.Error) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Code == wire.CodeUpgradeRequired {
		h.Set("Upgrade", "websocket")
	}
	if f.Code == wire.CodeUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="matchq"`)
	}
	w.WriteHeader(f.Status())
	_ = json.NewEncoder(w).Encode(problemOf(f)) //nolint:errchkjson // the client may have gone
}
