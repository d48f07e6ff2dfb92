// Package pages has the web pages: start page, demo and dashboard. They are embedded files, need no build step, and
// load nothing from other hosts.
package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/matchq/matchq/server/internal/base/blob"
	"github.com/matchq/matchq/server/internal/base/wire"
)

//go:embed *.html assets
var files embed.FS

// policy allows resources of this server only: no inline scripts or styles, no other hosts, no frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// file is an embedded file as browsers get it.
type file struct {
	tag    string
	answer func(http.ResponseWriter, *http.Request)
}

// Pages are the files by name, such as "demo.html" and "assets/base.css".
type Pages map[string]file

// demoOnly are the parts of pages about the demo.
var demoOnly = regexp.MustCompile(`(?s)<!-- demo -->.*?<!-- /demo -->\n?`)

// New reads the files. Without the demo the pages leave it out.
func New(demo bool) (Pages, error) {
	p := Pages{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		kind, ok := kinds[path.Ext(name)]
		if !ok {
			return fmt.Errorf("pages: %s has an unknown type", name)
		}
		if kind == kinds[".html"] && !demo {
			body = demoOnly.ReplaceAll(body, nil)
		}
		sum := sha256.Sum256(body)
		p[name] = file{`W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, blob.New(kind, body).Serve}
		return nil
	})
	return p, err
}

// kinds has the media types, since those of package mime depend on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// Serve answers with a file. Browsers cache it and revalidate it each time, so a new server version updates its pages.
// Errors are *wire.Error.
func (p Pages) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	f, ok := p[name]
	if !ok {
		return wire.Errorf(wire.CodeNotFound, "no such path")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	if strings.Contains(r.Header.Get("If-None-Match"), f.tag) {
		h.Add("Vary", "Accept-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	f.answer(w, r)
	return nil
}
