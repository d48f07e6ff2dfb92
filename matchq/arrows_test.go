package matchq_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/matchq/matchq/"

// source is a Go file of the repository.
type source struct {
	path    string // from the top of the repository, with slashes
	text    string
	imports []string
}

func (s *source) isTest() bool {
	return strings.HasSuffix(s.path, "_test.go") || strings.HasPrefix(s.path, "matchq/redistest/")
}

func sources(t *testing.T) []source {
	t.Helper()
	top := os.DirFS("..")
	var all []source
	err := fs.WalkDir(top, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := fs.ReadFile(top, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{path: path, text: string(text)}
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

// TestArrowsRunOneWay holds the repository against its layout: examples → matchq, server → matchq → lua.
func TestArrowsRunOneWay(t *testing.T) {
	forbidden := []struct{ from, to, why string }{
		{"lua/", module, "the scripts know nobody"},
		{"matchq/", module + "server", "the library does not know the server"},
		{"matchq/", module + "examples", "the library does not know its examples"},
		{"matchq/", "github.com/labstack/", "the library is for any server"},
		{"matchq/", "github.com/olahol/melody", "the library is for any server"},
		{"matchq/", "github.com/alicebob/miniredis", "the embedded Redis is for tests and the server"},
		{"matchq/", "testing", "production code is no test"},
		{"server/", module + "lua", "the server reaches queues through the library only"},
		{"examples/", module + "lua", "examples show the public API"},
		{"examples/", module + "server", "examples show the public API"},
	}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, imported := range s.imports {
			for _, rule := range forbidden {
				if strings.HasPrefix(s.path, rule.from) && (imported == rule.to || strings.HasPrefix(imported+"/", rule.to)) {
					t.Errorf("%s imports %s: %s", s.path, imported, rule.why)
				}
			}
		}
	}
}

// TestOneRoomForEachSecret sees that what only one file should know is in no other.
func TestOneRoomForEachSecret(t *testing.T) {
	var melody []string
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		library := strings.HasPrefix(s.path, "matchq/")
		if library && s.path != "matchq/keys.go" && (strings.Contains(s.text, `"{`) || strings.Contains(s.text, `"waiting:`)) {
			t.Errorf("%s makes key names: that is for keys.go", s.path)
		}
		for _, script := range []string{"NewScript(", "EvalSha", ".Eval(", ".Run(ctx, m.rdb"} {
			if library && s.path != "matchq/scripts.go" && strings.Contains(s.text, script) {
				t.Errorf("%s runs scripts (%s): that is for scripts.go", s.path, script)
			}
		}
		if slices.Contains(s.imports, "github.com/olahol/melody") {
			melody = append(melody, s.path)
		}
	}
	if len(melody) > 1 {
		t.Errorf("only one file may know melody: %v", melody)
	}
}
