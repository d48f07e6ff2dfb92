package httpdoor

import (
	_ "embed" // the documents
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/blob"
)

// OpenAPI describes the HTTP calls, AsyncAPI the events of the WebSocket. Tests hold both against the code.
var (
	//go:embed openapi.yaml
	OpenAPI []byte
	//go:embed asyncapi.yaml
	AsyncAPI []byte
)

const yamlType = "application/yaml"

// documentRoutes serves both.
func (a *API) documentRoutes() {
	serve := func(path, kind string, body []byte) {
		document := blob.New(kind, body)
		a.root.GET(path, func(c echo.Context) error {
			document.Serve(c.Response(), c.Request())
			return nil
		})
	}
	serve("/openapi.yaml", yamlType, OpenAPI)
	serve("/asyncapi.yaml", yamlType, AsyncAPI)
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
