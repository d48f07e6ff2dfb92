// Command bundle makes the files that browsers get out of the sources of the pages, and the page of the API out of its two
// documents: go generate ./server/internal/door/pages. A page then asks for one style sheet and one or two scripts, where the
// sources are dozens. It is a program apart from the server, so that the server does not carry a bundler.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// pages are the sources that each page names in its HTML, and those that its scripts ask for by name. Each page is bundled
// alone: what several pages share would else be split into many small files. So is what runs before a page's program.
var pages = [][]string{
	{"start.js", "start.css"},
	{"demo-early.js"},
	{"demo.js", "demo.css", "demo-game.css"},
	{"dashboard-early.js"},
	{"dashboard.js", "dashboard.css"},
	{"missing.js", "missing.css"},
	{"api.js", "api.css"},
}

// apart leaves the modules *-early.js out of the programs that import them: the page runs them before, and a module runs once.
var apart = api.Plugin{Name: "apart", Setup: func(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: `^\./[a-z]+-early\.js$`}, func(asked api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: asked.Path, External: true}, nil
	})
}}

func main() {
	if err := write(".", "bundles"); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// write replaces a folder by the bundles of the pages in dir.
func write(dir, folder string) error {
	files, err := build(dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// build returns the bundles by name. The same sources give the same bundles, wherever dir is.
func build(dir string) (map[string][]byte, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if files["api.html"], err = apiHTML(dir); err != nil {
		return nil, err
	}
	for _, sources := range pages {
		result := api.Build(options(dir, sources))
		if problems := slices.Concat(result.Errors, result.Warnings); len(problems) > 0 {
			return nil, fmt.Errorf("%s", strings.Join(api.FormatMessages(problems, api.FormatMessagesOptions{}), "\n"))
		}
		for _, file := range result.OutputFiles {
			files[filepath.Base(file.Path)] = file.Contents
		}
	}
	return files, nil
}

func options(dir string, sources []string) api.BuildOptions {
	o := api.BuildOptions{
		AbsWorkingDir: dir,
		Outdir:        "bundles",
		EntryNames:    "[name]",
		ChunkNames:    "[name]-[hash]", // the chunks of import(), and those shared with the page
		Bundle:        true,
		Splitting:     true,
		Format:        api.FormatESModule,
		Charset:       api.CharsetUTF8, // Korean as it is, not as escapes
		LogLevel:      api.LogLevelSilent,
		Plugins:       []api.Plugin{apart},

		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	}
	for _, source := range sources {
		o.EntryPoints = append(o.EntryPoints, "assets/"+source)
	}
	return o
}
