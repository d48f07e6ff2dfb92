package httpdoor

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/door/pages"
)

// pageRoutes serves the web pages. Their links are relative, so they work below any path.
func (a *API) pageRoutes(files *pages.Pages) {
	named := func(name string) echo.HandlerFunc {
		return func(c echo.Context) error { return files.Serve(c.Response(), c.Request(), name) }
	}
	asset := func(c echo.Context) error {
		return files.ServeAsset(c.Response(), c.Request(), c.Param("version"), c.Param("file"))
	}
	a.root.GET("/", named("index.html"))
	a.root.GET("/dashboard", named("dashboard.html"))
	a.root.GET("/api", named("api.html"))
	a.root.GET("/assets/:version/:file", asset)
	for _, page := range []string{"/dashboard", "/demo", "/api"} { // from the path with the slash, relative links would lead elsewhere
		a.root.GET(page+"/", func(c echo.Context) error { return c.Redirect(http.StatusPermanentRedirect, a.Prefix+page) })
	}
	if a.Prefix != "" { // relative links need the slash
		a.echo.GET(a.Prefix, func(c echo.Context) error { return c.Redirect(http.StatusPermanentRedirect, a.Prefix+"/") })
	}
}

// forPeople reports whether a request is one of a browser for a page, not one of a program for data.
func (a *API) forPeople(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") &&
		!strings.HasPrefix(r.URL.Path, a.Prefix+"/v1/")
}
