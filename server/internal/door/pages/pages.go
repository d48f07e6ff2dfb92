// Package pages are the server's web pages: the start page, the demo and the dashboard. They are files in the binary,
// need no build step, and ask no other host for anything.
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

	"github.com/matchq/matchq/server/internal/base/wire"
)

//go:embed *.html assets
var files embed.FS

// policy lets a page use what this server has, and nothing else: no inline script or style, no other host, no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// file is one that is sent to browsers.
type file struct {
	kind, tag string
	body      []byte
}

// Pages are all files, by name: a page as "demo.html", what pages use as "assets/base.css".
type Pages map[string]file

// demoOnly is what pages say of the demo.
var demoOnly = regexp.MustCompile(`(?s)<!-- demo -->.*?<!-- /demo -->\n?`)

// New reads the files. Where there is no demo the pages do not offer it.
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
			return fmt.Errorf("pages: %s has a type that is not known", name)
		}
		if kind == kinds[".html"] && !demo {
			body = demoOnly.ReplaceAll(body, nil)
		}
		sum := sha256.Sum256(body)
		p[name] = file{kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, body}
		return nil
	})
	return p, err
}

// kinds are written here, since those of mime depend on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// Serve answers with a file. Browsers keep it and ask each time whether it is still the same, so that a new version of
// the server is a new version of its pages. The error is a *wire.Error.
func (p Pages) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	f, ok := p[name]
	if !ok {
		return wire.Errorf(wire.CodeNotFound, "there is nothing at this path")
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	if strings.Contains(r.Header.Get("If-None-Match"), f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(f.body) // whoever has gone hears no error either
	return nil
}
