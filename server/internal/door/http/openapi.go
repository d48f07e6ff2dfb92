package httpdoor

import (
	_ "embed" // the document
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/blob"
)

// OpenAPI describes the HTTP calls. Tests hold it against the code.
//
//go:embed openapi.yaml
var OpenAPI []byte

var openAPI = blob.New("application/yaml", OpenAPI)

func (a *API) getOpenAPI(c echo.Context) error {
	openAPI.Serve(c.Response(), c.Request())
	return nil
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
