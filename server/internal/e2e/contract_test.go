package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/wire"
	httpdoor "github.com/matchq/matchq/server/internal/door/http"
)

func init() {
	for _, kind := range []string{"text/html", "text/css", "text/javascript", "image/svg+xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}

// document is the OpenAPI document that the server serves.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(httpdoor.OpenAPI)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
})

// contract is the HTTP transport of tests. The document must have each answer, for its path, method and status, and
// must allow each request that succeeds.
type contract struct {
	t      *testing.T
	server string
}

func (c contract) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &bytes.Buffer{}
	if r.Body != nil {
		r.Body = io.NopCloser(io.TeeReader(r.Body, sent))
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return answer, nil // a long-lived stream
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if err := c.check(r, sent.Bytes(), answer, body); err != nil {
		c.t.Errorf("%s %s: %d %s\nis not as the OpenAPI document says: %v", r.Method, r.URL.Path, answer.StatusCode, body, err)
	}
	return answer, nil
}

func (c contract) check(r *http.Request, sent []byte, answer *http.Response, body []byte) error {
	doc, err := document()
	if err != nil {
		return err
	}
	prefix, _ := url.Parse(c.server)
	method := r.Method
	if method == http.MethodHead { // the head of a GET
		method = http.MethodGet
	}
	route, params := find(doc, method, strings.TrimPrefix(r.URL.EscapedPath(), prefix.Path))
	if route != nil && r.Method == http.MethodHead {
		if len(body) > 0 || route.Operation.Responses.Status(answer.StatusCode) == nil {
			return fmt.Errorf("a HEAD is answered with %d", answer.StatusCode)
		}
		return nil
	}
	if route == nil || slices.Contains([]int{408, 413, 415}, answer.StatusCode) && route.Operation.Responses.Status(answer.StatusCode) == nil {
		return checkOutside(doc, r, answer, body)
	}
	checked := r.Clone(context.Background())
	checked.Body = io.NopCloser(bytes.NewReader(sent))
	request := &openapi3filter.RequestValidationInput{
		Request: checked, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if answer.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: answer.StatusCode, Header: answer.Header, Options: request.Options,
	}
	return openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(body))
}

// find returns the operation for a request. It differs from the module's routers in that a segment is unescaped after
// the path is taken apart, as the server does.
func find(doc *openapi3.T, method, path string) (*routers.Route, map[string]string) {
	for template, item := range doc.Paths.Map() {
		params, ok := match(template, path)
		operation := item.GetOperation(method)
		if !ok || operation == nil || len(params) > 0 && doc.Paths.Value(path) != nil {
			continue
		}
		return &routers.Route{Spec: doc, Path: template, PathItem: item, Method: method, Operation: operation}, params
	}
	return nil, nil
}

func match(template, path string) (map[string]string, bool) {
	names, values := strings.Split(template, "/"), strings.Split(path, "/")
	params := map[string]string{}
	for i := range names {
		switch {
		case len(names) != len(values):
			return nil, false
		case strings.HasPrefix(names[i], "{") && values[i] != "":
			value, err := url.PathUnescape(values[i])
			if err != nil {
				return nil, false
			}
			params[strings.Trim(names[i], "{}")] = value
		case names[i] != values[i]:
			return nil, false
		}
	}
	return params, true
}

// checkOutside checks an answer that the document has for all paths, or to a request that it does not have: it must be a
// problem or a preflight's.
func checkOutside(doc *openapi3.T, r *http.Request, answer *http.Response, body []byte) error {
	if r.Method == http.MethodOptions && answer.StatusCode == http.StatusNoContent ||
		answer.StatusCode == http.StatusPermanentRedirect { // from the prefix to the path below
		return nil
	}
	if !slices.Contains([]int{403, 404, 405, 408, 413, 415}, answer.StatusCode) {
		return fmt.Errorf("there is no such path or method")
	}
	if r.Method == http.MethodHead || answer.StatusCode == http.StatusNotFound && strings.Contains(r.Header.Get("Accept"), "text/html") {
		return nil // the latter is a page
	}
	var problem any
	if err := json.Unmarshal(body, &problem); err != nil {
		return err
	}
	return doc.Components.Schemas["Problem"].Value.VisitJSON(problem, openapi3.EnableJSONSchema2020())
}

// TestContractCatches shows that the transport finds answers that the document does not have.
func TestContractCatches(t *testing.T) {
	t.Parallel()
	const queue = `{"name":"q","waiting":1,"proposed":0,"oldest_wait_ms":5,"next_tick_ms":null,"matched_total":0,"paused":false}`
	const problem = `{"title":"x","status":404,"code":"not_found","detail":"x"}`
	for _, c := range []struct {
		name, method, path, kind, body string
		status                         int
		good                           bool
	}{
		{"as it must be", "GET", "/v1/queues/q", "application/json", queue, 200, true},
		{"a key too many", "GET", "/v1/queues/q", "application/json", strings.Replace(queue, "{", `{"secret":1,`, 1), 200, false},
		{"a key too few", "GET", "/v1/queues/q", "application/json", strings.Replace(queue, `"waiting":1,`, "", 1), 200, false},
		{"another type", "GET", "/v1/queues/q", "application/json", strings.Replace(queue, "null", `"soon"`, 1), 200, false},
		{"another status", "GET", "/v1/queues/q", "application/json", queue, 206, false},
		{"another Content-Type", "GET", "/v1/queues/q", "text/html", queue, 200, false},
		{"a problem", "GET", "/v1/queues/q", "application/problem+json", problem, 404, true},
		{"a problem with another status", "GET", "/v1/queues/q", "application/problem+json", strings.Replace(problem, "404", "409", 1), 404, false},
		{"another's code", "GET", "/v1/queues/q", "application/problem+json", strings.Replace(problem, "not_found", "expired", 1), 404, false},
		{"no header", "DELETE", "/v1/tickets/x", "application/problem+json", strings.NewReplacer("404", "401", "not_found", "unauthorized").Replace(problem), 401, false},
		{"an answer from nowhere", "GET", "/v1/nothing", "application/json", queue, 200, false},
	} {
		r, err := http.NewRequest(c.method, "http://server"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer := &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}}
		if err := (contract{t, "http://server"}).check(r, nil, answer, []byte(c.body)); (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestEveryRouteIsDocumented compares the document with the routes, both ways.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, matchqtest.Embedded(t), "--path-prefix", "/p")
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+regexp.MustCompile(`\{(\w+)\}`).ReplaceAllString(path, ":$1")] = true
		}
	}
	for _, route := range n.routes {
		if !described[route] {
			t.Errorf("%s is answered and not described", route)
		}
		delete(described, route)
	}
	for route := range maps.Keys(described) {
		t.Errorf("%s is described and not answered", route)
	}
	if got := n.call("GET", "/openapi.yaml", ""); got.status != 200 || got.raw != string(httpdoor.OpenAPI) || got.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("got %d %v", got.status, got.header)
	}
}

// TestEveryCodeIsDocumented compares the error codes of HTTP with the document and the README, both ways.
func TestEveryCodeIsDocumented(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, code := range doc.Components.Schemas["Code"].Value.Enum {
		described = append(described, code.(string))
	}
	var codes []string
	for _, code := range wire.HTTPCodes() {
		codes = append(codes, string(code))
	}
	slices.Sort(described)
	if !slices.Equal(codes, described) {
		t.Errorf("the server has the codes %v, the document %v", codes, described)
	}
}
