package metrics

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"
	"golang.org/x/sync/singleflight"

	"github.com/matchq/matchq/server/internal/base/blob"
)

// maxAge is the age of an answer, far below the interval of scrapes.
const maxAge = time.Second

// handler renders an answer once for all requests that come together, else those that do not read it would each hold
// one, and each would read from Redis.
type handler struct {
	render http.Handler

	rendering singleflight.Group
	mu        sync.Mutex
	answers   map[expfmt.Format]answer // of the last second
}

type answer struct {
	*blob.Blob

	until time.Time // end of its age
}

// ServeHTTP answers with an answer in the format that the client accepts.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	format := expfmt.Negotiate(r.Header)
	rendered, err, _ := h.rendering.Do(string(format), func() (any, error) {
		if known, ok := h.known(format); ok {
			return known, nil
		}
		return h.renderAs(format, r)
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	rendered.(*blob.Blob).Serve(w, r) //nolint:forcetypeassert // made above
}

func (h *handler) known(format expfmt.Format) (*blob.Blob, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.answers[format]
	return a.Blob, ok && time.Now().Before(a.until)
}

// renderAs renders an answer. Older ones of all formats are dropped.
func (h *handler) renderAs(format expfmt.Format, r *http.Request) (*blob.Blob, error) {
	page := &page{header: http.Header{}, status: http.StatusOK}
	h.render.ServeHTTP(page, r)
	if page.status != http.StatusOK {
		return nil, errors.New("the metrics can't be read")
	}
	made, now := blob.New(page.header.Get("Content-Type"), page.Bytes()), time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	answers := map[expfmt.Format]answer{format: {made, now.Add(maxAge)}}
	for other, a := range h.answers {
		if other != format && now.Before(a.until) {
			answers[other] = a
		}
	}
	h.answers = answers
	return made, nil
}

// page is an answer in memory.
type page struct {
	bytes.Buffer

	header http.Header
	status int
}

func (p *page) Header() http.Header    { return p.header }
func (p *page) WriteHeader(status int) { p.status = status }
