package matchq_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/matchq/matchq/"

// arrows lists the packages of the module that a package may import, tests apart. "/…" means all packages below.
var arrows = map[string][]string{
	"lua":                       {},
	"matchq/internal/codec":     {},
	"matchq/rules":              {},
	"matchq/internal/sandbox":   {"matchq/internal/space"},
	"matchq/internal/space":     {"lua"},
	"matchq/internal/agreement": {"matchq/internal/space"},
	"matchq/internal/rulebook":  {"matchq/internal/codec", "matchq/rules", "matchq/internal/sandbox", "matchq/internal/space"},
	"matchq/internal/mail":      {"matchq/internal/codec", "matchq/internal/space"},
	"matchq/internal/testkit":   {"lua", "matchq/internal/space"},
	"matchq/internal/sender":    {"matchq/internal/space"},
	"matchq/internal/vigil":     {"matchq/internal/space"},
	"matchq/internal/streams":   {"matchq/internal/space", "matchq/internal/vigil"},
	"matchq/internal/waiters":   {"matchq/internal/space"},
	"matchq/internal/work":      {"matchq/internal/codec", "matchq/internal/space", "matchq/internal/streams", "matchq/internal/vigil"},
	"matchq":                    {"matchq/internal/agreement", "matchq/internal/codec", "matchq/internal/rulebook", "matchq/rules", "matchq/internal/sandbox", "matchq/internal/sender", "matchq/internal/space", "matchq/internal/streams", "matchq/internal/vigil", "matchq/internal/waiters", "matchq/internal/work"},
	"matchq/presence":           {"matchq", "matchq/internal/…"},
	"matchq/rooms":              {"matchq", "matchq/presence", "matchq/internal/…"},
	"matchq/history":            {"matchq", "matchq/internal/…"},
	"matchq/metrics":            {"matchq"},
	"matchq/matchqtest":         {"matchq/internal/codec", "matchq/internal/sandbox", "matchq/internal/space"},
	"examples/…":                {"matchq", "matchq/rules", "matchq/presence", "matchq/rooms", "matchq/history", "matchq/metrics"},
	"server/…":                  {"matchq", "matchq/rules", "matchq/presence", "matchq/rooms", "matchq/history", "matchq/metrics", "server/…"},
}

// foreign are packages that the library must not import.
var foreign = []string{"github.com/labstack/", "github.com/olahol/melody", "github.com/alicebob/miniredis", "testing"}

// prometheus is for matchq/metrics alone: a program that counts by other means does not carry it.
const prometheus = "github.com/prometheus/"

// source is a Go file of the repository.
type source struct {
	path    string // from the top of the repository, with slashes
	text    string
	imports []string
}

// isTest reports whether a file is only for tests.
func (s *source) isTest() bool {
	return strings.HasSuffix(s.path, "_test.go") || path.Dir(s.path) == "matchq/internal/testkit"
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

// matches reports whether a package matches one of some patterns.
func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		folder, all := strings.CutSuffix(pattern, "/…")
		return pkg == pattern || all && (pkg == folder || strings.HasPrefix(pkg, folder+"/"))
	})
}

// allowed returns the packages that a package may import.
func allowed(t *testing.T, pkg string) []string {
	t.Helper()
	for pattern, packages := range arrows {
		if matches([]string{pattern}, pkg) {
			return packages
		}
	}
	t.Errorf("the package %s is missing in arrows", pkg)
	return nil
}

// TestArrowsRunOneWay checks the imports of every package.
func TestArrowsRunOneWay(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		pkg := path.Dir(s.path)
		may := allowed(t, pkg)
		for _, imported := range s.imports {
			if of, ours := strings.CutPrefix(imported, module); ours && !matches(may, of) {
				t.Errorf("%s imports %s", s.path, of)
			}
			library := strings.HasPrefix(s.path, "matchq/") && pkg != "matchq/matchqtest"
			if library && slices.ContainsFunc(foreign, func(f string) bool { return imported == f || strings.HasPrefix(imported, f) }) {
				t.Errorf("%s imports %s: the library must not", s.path, imported)
			}
			if library && pkg != "matchq/metrics" && strings.HasPrefix(imported, prometheus) {
				t.Errorf("%s imports %s: only matchq/metrics may", s.path, imported)
			}
			if imported == module+"matchq/internal/testkit" {
				t.Errorf("%s imports %s: only tests may", s.path, imported)
			}
		}
	}
}

// TestOneRoomForEachSecret checks that only internal/space builds key names and runs scripts, and that only one file of
// the server imports melody.
func TestOneRoomForEachSecret(t *testing.T) {
	var melody []string
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		pkg := path.Dir(s.path)
		if library := strings.HasPrefix(s.path, "matchq/"); library && pkg != "matchq/internal/space" {
			for _, secret := range []string{`"{"`, `"waiting:`, "NewScript(", "EvalSha", ".Eval("} {
				if strings.Contains(s.text, secret) {
					t.Errorf("%s has %s: only internal/space may", s.path, secret)
				}
			}
		}
		if strings.HasPrefix(s.path, "server/") && slices.Contains(s.imports, "github.com/olahol/melody") {
			melody = append(melody, s.path)
		}
	}
	if len(melody) > 1 {
		t.Errorf("only one file of the server may import melody: %v", melody)
	}
}

const (
	maxFileLines = 300
	maxCoreLines = 4715
)

// TestTheHouseStaysSmall limits the lines of files and of the core.
func TestTheHouseStaysSmall(t *testing.T) {
	core := 0
	for _, s := range sources(t) {
		lines := strings.Count(s.text, "\n")
		if !s.isTest() && lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d", s.path, lines, maxFileLines)
		}
		if !s.isTest() && path.Dir(s.path) == "matchq" {
			core += lines
		}
	}
	if core > maxCoreLines {
		t.Errorf("the core has %d lines, more than %d", core, maxCoreLines)
	}
}
