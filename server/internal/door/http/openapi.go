package httpdoor

import (
	_ "embed" // the document
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
)

// OpenAPI describes the HTTP calls. Tests hold it against the code.
//
//go:embed openapi.yaml
var OpenAPI []byte

func (a *API) getOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", OpenAPI)
}

// Routes returns the routes as "METHOD /path/:parameter", without the prefix.
func (a *API) Routes() []string {
	var routes []string
	for _, r := range a.echo.Routes() {
		if path := r.Path[len(a.Prefix):]; path != "" { // the prefix alone only redirects
			routes = append(routes, r.Method+" "+path)
		}
	}
	slices.Sort(routes)
	return routes
}
