// Package internal_test checks the server's imports between its streets; matchq/arrows_test.go checks the rest.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/matchq/matchq/"
	internal = module + "server/internal/"
)

// source is a non-test Go file of the server.
type source struct {
	path    string // below server/
	imports []string
}

// sources reads all non-test Go files below server/.
func sources(t *testing.T) []source {
	t.Helper()
	server := os.DirFS("..")
	var all []source
	err := fs.WalkDir(server, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "node_modules" {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(server, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{path: name}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		all = append(all, s)
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	return all
}

// mayImport lists for each street the other streets that it may import. main may import all.
var mayImport = map[string][]string{
	"app":  {"door", "play", "ops", "base"},
	"door": {"play", "ops", "base"},
	"play": {"base"},
	"ops":  {"base"},
	"base": {},
	"e2e":  {},
}

func TestArrowsRunOneWay(t *testing.T) {
	for _, s := range sources(t) {
		inner, isInternal := strings.CutPrefix(s.path, "internal/")
		from, _, _ := strings.Cut(inner, "/")
		allowed, known := mayImport[from]
		if isInternal && !known {
			t.Errorf("%s is in no street: add the street %q to mayImport", s.path, from)
		}
		for _, imported := range s.imports {
			if strings.HasPrefix(imported, module+"lua") || strings.Contains(imported, "matchq/matchq/matchq/internal") {
				t.Errorf("%s imports %s: the server reaches queues through the library's public packages only", s.path, imported)
			}
			to, ofServer := strings.CutPrefix(imported, internal)
			if !ofServer || !isInternal {
				continue
			}
			if to, _, _ = strings.Cut(to, "/"); to != from && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import %v", s.path, imported, from, allowed)
			}
		}
	}
}

// Only main may import app, and no package may import e2e.
func TestOnlyMainImportsTheTop(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports {
			isApp := imported == internal+"app" && !strings.HasPrefix(s.path, "internal/app/") && s.path != "main.go"
			if isApp || strings.HasPrefix(imported+"/", internal+"e2e/") {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
}

// Only the command that bundles the pages has the bundler.
func TestServerHasNoBundler(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports {
			if strings.HasPrefix(imported, "github.com/evanw/esbuild") && !strings.HasPrefix(s.path, "internal/door/pages/bundle/") {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
}
