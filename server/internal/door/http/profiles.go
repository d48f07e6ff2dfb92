package httpdoor

import (
	"context"
	"html/template"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const maxProfile = 60 * time.Second

// profileRoutes serves profiles for go tool pprof and go tool trace to operators. The command line is left out, since
// it may hold secrets.
func (a *API) profileRoutes() {
	const all = "/debug/pprof/"
	a.root.GET(all, a.listProfiles, a.operator)
	a.root.GET(all+"profile", a.record("profile", 30*time.Second, pprof.StartCPUProfile, pprof.StopCPUProfile), a.operator)
	a.root.GET(all+"trace", a.record("trace", time.Second, trace.Start, trace.Stop), a.operator)
	a.root.GET(all+":profile", a.getProfile, a.operator)
}

// record answers with a recording of the next seconds. It ends early if the client goes, its
// session ends or the server stops. There can
// be one recording of a kind at a time.
func (a *API) record(what string, usual time.Duration, start func(io.Writer) error, stop func()) echo.HandlerFunc {
	return func(c echo.Context) error {
		length, err := secondsOf(c, usual)
		if err != nil {
			return err
		}
		ctx, cancel, err := a.clientContext(c)
		if err != nil {
			return err
		}
		defer cancel()
		ctx, forget := a.whileSession(ctx, c.Request(), true)
		defer forget()
		ctx, ended := context.WithTimeout(ctx, length)
		defer ended()
		a.logAction(c, "record "+what, "", nil)
		// A slow reader blocks the runtime's trace, and so all other recordings.
		conn := http.NewResponseController(c.Response())
		c.Response().Before(func() { _ = conn.SetWriteDeadline(time.Now().Add(length + streamTimeout)) })
		setBinary(c)
		if err := start(c.Response()); err != nil {
			c.Response().Header().Del("Content-Disposition")
			busy := wire.Errorf(wire.CodeRateLimited, "another recording of this kind is running; try again later")
			busy.RetryAfter = length
			return busy
		}
		<-ctx.Done()
		_ = conn.SetWriteDeadline(time.Now().Add(streamTimeout))
		stop()
		return nil
	}
}

// secondsOf returns the length of a recording.
func secondsOf(c echo.Context, usual time.Duration) (time.Duration, error) {
	text := c.QueryParam("seconds")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > int(maxProfile.Seconds()) {
		return 0, wire.Errorf(wire.CodeInvalid, "seconds must be from 1 to %.0f", maxProfile.Seconds())
	}
	return time.Duration(n) * time.Second, nil
}

func setBinary(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="profile"`)
}

// getProfile answers with a profile of the runtime.
func (a *API) getProfile(c echo.Context) error {
	name, err := param(c, "profile")
	if err != nil {
		return err
	}
	profile := pprof.Lookup(name)
	if profile == nil {
		return wire.Errorf(wire.CodeNotFound, "unknown profile: /debug/pprof/ lists them")
	}
	debug := 0
	if text := c.QueryParam("debug"); text != "" {
		if debug, err = strconv.Atoi(text); err != nil || debug < 0 || debug > 2 {
			return wire.Errorf(wire.CodeInvalid, "debug must be 0, 1 or 2")
		}
	}
	if name == "heap" && c.QueryParam("gc") == "1" {
		runtime.GC()
	}
	a.logAction(c, "read profile "+name, "", nil)
	setBinary(c)
	if debug > 0 {
		c.Response().Header().Del("Content-Disposition")
		c.Response().Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	return profile.WriteTo(c.Response(), debug)
}

var profileList = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>matchq: profiles</title>
<h1>Profiles</h1>
<ul>
<li><a href="profile">profile</a>: where the processor's time goes, in 30 seconds from now; ?seconds=1 to 60
<li><a href="trace">trace</a>: the work of goroutines in one second from now; ?seconds=1 to 60
{{range .}}<li><a href="{{.Name}}?debug=1">{{.Name}}</a>: {{.Count}}
{{end}}</ul>
<p>go tool pprof reads them from their address.
</html>
`))

func (a *API) listProfiles(c echo.Context) error {
	c.Response().Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Response().WriteHeader(http.StatusOK)
	return profileList.Execute(c.Response(), pprof.Profiles())
}
