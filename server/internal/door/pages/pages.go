// Package pages has the web pages: start page, demo, dashboard and API. They are embedded files and load nothing from other
// hosts. Their sources are in assets; browsers get the bundles of these, which go generate makes.
package pages

//go:generate go run ./bundle

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/matchq/matchq/server/internal/base/blob"
	"github.com/matchq/matchq/server/internal/base/etags"
	"github.com/matchq/matchq/server/internal/base/wire"
)

//go:embed *.html bundles assets/icon.svg assets/uplot.js assets/*.LICENSE.txt
var files embed.FS

// policy allows resources of this server only: no inline scripts or styles, no other hosts, no frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// file is an embedded file as browsers get it.
type file struct {
	tag    string // without quotes
	answer func(http.ResponseWriter, *http.Request)
}

// Pages are the files by name, such as "demo.html" and "assets/base.css".
type Pages struct {
	files   map[string]file
	version string // of the assets: their hash
	missing []byte // the page for a path that does not exist
}

// New reads the files. Without the demo the pages leave it out. prefix is the path that all routes are below.
func New(demo bool, prefix string) (*Pages, error) {
	bodies, version, err := read()
	if err != nil {
		return nil, err
	}
	p := &Pages{files: map[string]file{}, version: version}
	for name, body := range bodies {
		kind, ok := kinds[path.Ext(name)]
		if !ok {
			return nil, fmt.Errorf("pages: %s has an unknown type", name)
		}
		if kind == kinds[".html"] {
			body = p.complete(body, bodies, demo)
		}
		sum := sha256.Sum256(body)
		p.files[name] = file{base64.RawURLEncoding.EncodeToString(sum[:12]), blob.New(kind, body).Serve}
		if name == missingName {
			p.missing = relative.ReplaceAll(body, []byte("${1}"+prefix+"/"))
		}
	}
	delete(p.files, missingName)
	return p, nil
}

// read returns the files by name, and the hash of the assets.
func read() (bodies map[string][]byte, version string, err error) {
	bodies = map[string][]byte{}
	hash := sha256.New()
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		served := strings.Replace(name, bundles, assets, 1)
		if path.Ext(name) == ".html" {
			served = path.Base(name)
		}
		bodies[served], err = files.ReadFile(name)
		return err
	})
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		if strings.HasPrefix(name, assets) {
			_, _ = fmt.Fprintf(hash, "%s %d\n%s", name, len(bodies[name]), bodies[name]) // a hash takes everything
		}
	}
	return bodies, base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:9]), err
}

// kinds has the media types, since those of package mime depend on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// Serve answers with a page. Browsers cache it and revalidate it each time, so a new server version updates its pages.
// Errors are *wire.Error.
func (p *Pages) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	return p.serve(w, r, name, "no-cache")
}

// ServeAsset answers with a file that pages name. The one of this version never changes, so browsers need not ask again;
// another version is that of a node with other pages, which may name a file that this one has too.
func (p *Pages) ServeAsset(w http.ResponseWriter, r *http.Request, version, name string) error {
	if version != p.version {
		return p.serve(w, r, assets+name, "no-cache")
	}
	return p.serve(w, r, assets+name, "public, max-age=31536000, immutable")
}

// ServeMissing answers 404 with a page for people.
func (p *Pages) ServeMissing(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", kinds[".html"])
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(p.missing) // an error means that the client has gone
}

func (p *Pages) serve(w http.ResponseWriter, r *http.Request, name, caching string) error {
	f, ok := p.files[name]
	if !ok {
		return wire.Errorf(wire.CodeNotFound, "no such path")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", caching)
	h.Set("ETag", `W/"`+f.tag+`"`)
	known, err := etags.Parse(r.Header.Values("If-None-Match")) // a browser has no use for a refusal of what it sent
	if err == nil && (known.IsAny() || known.HasWeak(f.tag)) {
		h.Add("Vary", "Accept-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	f.answer(w, r)
	return nil
}
