package httpdoor

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/door/pages"
)

// pageRoutes serves the web pages. Their links are relative, so they work below any path.
func (a *API) pageRoutes(files pages.Pages) {
	named := func(name string) echo.HandlerFunc {
		return func(c echo.Context) error { return files.Serve(c.Response(), c.Request(), name) }
	}
	asset := func(c echo.Context) error {
		return files.Serve(c.Response(), c.Request(), "assets/"+c.Param("file"))
	}
	a.root.GET("/", named("index.html"))
	a.root.GET("/dashboard", named("dashboard.html"))
	a.root.GET("/assets/:file", asset)
	if a.Prefix != "" { // relative links need the slash
		a.echo.GET(a.Prefix, func(c echo.Context) error { return c.Redirect(http.StatusPermanentRedirect, a.Prefix+"/") })
	}
}
