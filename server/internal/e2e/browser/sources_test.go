package browser_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// sources opens a page whose scripts can import the sources of the pages, as import("./assets/demo-state.js"): servers have
// only bundles of these.
func sources(t *testing.T) *page {
	t.Helper()
	files := httptest.NewServer(http.FileServer(http.Dir("../../../..")))
	t.Cleanup(files.Close)
	s := &server{t: t, url: files.URL + "/server/internal/door/pages"}
	return s.open("/missing.html")
}
