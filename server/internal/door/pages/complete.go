package pages

import (
	"bytes"
	"path"
	"regexp"
	"slices"
)

const (
	assets      = "assets/"
	bundles     = "bundles/" // below assets in paths
	missingName = "missing.html"
)

var (
	// demoOnly are the parts of pages about the demo.
	demoOnly = regexp.MustCompile(`(?s)<!-- demo -->.*?<!-- /demo -->\n?`)

	relative = regexp.MustCompile(`((?:href|src)=")`)
	asset    = regexp.MustCompile(`((?:href|src)=")assets/`)
	program  = regexp.MustCompile(`<script type="module" src="(assets/[^"]+)"`)
	imports  = regexp.MustCompile(`(?:from|import) ?["']\./([^"']+)["']`)
)

// complete makes a page out of its file: without the demo if that is off, with the version in the paths of its assets,
// and with the modules that its programs import. A browser would else find these one after the other, each after a round
// trip. Modules name each other relatively, so they need no version of their own.
func (p *Pages) complete(page []byte, bodies map[string][]byte, demo bool) []byte {
	if !demo {
		page = demoOnly.ReplaceAll(page, nil)
	}
	var modules []string
	for _, match := range program.FindAllSubmatch(page, -1) {
		modules = imported(modules, bodies, string(match[1]))
	}
	slices.Sort(modules)
	var preload bytes.Buffer
	for _, module := range modules {
		preload.WriteString(`<link rel="modulepreload" href="` + module + "\">\n")
	}
	page = bytes.Replace(page, []byte("</head>"), append(preload.Bytes(), "</head>"...), 1)
	return asset.ReplaceAll(page, []byte("${1}"+assets+p.version+"/"))
}

// imported appends the imports of a module, direct and indirect, each once.
func imported(to []string, bodies map[string][]byte, module string) []string {
	for _, match := range imports.FindAllSubmatch(bodies[module], -1) {
		if name := path.Dir(module) + "/" + string(match[1]); !slices.Contains(to, name) {
			to = imported(append(to, name), bodies, name)
		}
	}
	return to
}
