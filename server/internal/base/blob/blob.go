// Package blob answers many requests with the same bytes: encoded once, and compressed once.
package blob

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// minCompressed is the least size that is worth compressing, in bytes: one packet.
const minCompressed = 1400

// Blob is the body of an answer. All requests share its bytes, so readers that do not read cost no memory.
type Blob struct {
	kind  string
	plain []byte
	gzip  func() []byte // nil if it is not worth it
}

// New makes a Blob with a media type. body must not change.
func New(kind string, body []byte) *Blob {
	b := &Blob{kind: kind, plain: body, gzip: func() []byte { return nil }}
	if len(body) >= minCompressed {
		b.gzip = sync.OnceValue(func() []byte { return compress(body) })
	}
	return b
}

// compress returns the body compressed, nil if that does not make it smaller.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	if out.Len() >= len(body) {
		return nil
	}
	return bytes.Clone(out.Bytes())
}

// Serve answers with the body, compressed if the client accepts that.
func (b *Blob) Serve(w http.ResponseWriter, r *http.Request) {
	h, body := w.Header(), b.plain
	h.Set("Content-Type", b.kind)
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		if compressed := b.gzip(); compressed != nil {
			body = compressed
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // an error means that the client has gone
}

// acceptsGzip reads Accept-Encoding, such as "br;q=1.0, gzip;q=0.8, *;q=0".
func acceptsGzip(values []string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		_, quality, given := strings.Cut(strings.ToLower(parameters), "q=")
		q, err := strconv.ParseFloat(strings.TrimSpace(quality), 64)
		accepted := !given || err == nil && q > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return accepted
		case "*":
			others = accepted
		}
	}
	return others
}
