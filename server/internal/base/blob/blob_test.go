package blob_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/matchq/matchq/server/internal/base/blob"
)

func TestServe(t *testing.T) {
	long := strings.Repeat("all work and no play ", 1000)
	for _, c := range []struct {
		accept, body string
		compressed   bool
	}{
		{"", long, false},
		{"gzip", long, true},
		{"br, GZIP;q=0.5", long, true},
		{"gzip;q=0, *", long, false},
		{"gzip;q=none", long, false},
		{"*;q=0.1", long, true},
		{"identity, br", long, false},
		{"gzip", "short", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if c.accept != "" {
			r.Header.Set("Accept-Encoding", c.accept)
		}
		w := httptest.NewRecorder()
		blob.New("text/plain", []byte(c.body)).Serve(w, r)
		h, size := w.Header(), w.Body.Len()
		if h.Get("Content-Length") != strconv.Itoa(size) || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "text/plain" ||
			(h.Get("Content-Encoding") == "gzip") != c.compressed {
			t.Errorf("%q: got %v", c.accept, h)
		}
		var body io.Reader = w.Body
		if c.compressed {
			unzip, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = unzip
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != c.body || c.compressed && size > len(c.body)/10 {
			t.Errorf("%q: got %d bytes, %v", c.accept, size, err)
		}
	}
}
