package matchq_test

import (
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// taught are the packages each of whose exported names must have an example, or a line in one.
var taught = []string{"matchq", "matchq/rules", "matchq/presence", "matchq/rooms", "matchq/history", "matchq/metrics", "matchq/matchqtest"}

// untaught are names that need no example.
var untaught = []string{
	"Error", "Unwrap", "Collect", "Describe", // methods that only standard interfaces call
	"Script", "Recent", // of rules: for package matchq alone
}

// TestEveryNameHasAnExample looks for each exported constant, variable, function, type and method in the examples of the
// library and in the programs of examples. A type has one if a value of it stands there. Fields need none of their own.
func TestEveryNameHasAnExample(t *testing.T) {
	s := newSchool(t)
	names := map[types.Object]string{}
	for _, pkg := range taught {
		s.exported(pkg, names)
	}
	for object := range s.used() {
		delete(names, origin(object))
	}
	var missing []string
	for _, name := range names {
		if !slices.Contains(untaught, name[strings.LastIndex(name, ".")+1:]) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("%d names have no example:\n%s", len(missing), strings.Join(missing, "\n"))
	}
}

// school reads examples, and their imports in compiled form.
type school struct {
	t        *testing.T
	fset     *token.FileSet
	importer types.Importer
	packages []listed
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir, Export            string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// list asks go about packages.
func list(t *testing.T, args ...string) (packages []listed) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{t: t, fset: token.NewFileSet()}
	s.packages = list(t, "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./matchq/...", "./examples/...")
	var imports []string
	for _, p := range s.packages {
		imports = slices.Concat(imports, p.Imports, p.TestImports, p.XTestImports)
	}
	slices.Sort(imports)
	exports := map[string]string{}
	for _, p := range list(t, append([]string{"-export", "-deps", "-json=ImportPath,Export"}, slices.Compact(imports)...)...) {
		exports[p.ImportPath] = p.Export
	}
	s.importer = importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return s
}

// exported adds the exported names of a package.
func (s *school) exported(pkg string, names map[types.Object]string) {
	s.t.Helper()
	imported, err := s.importer.Import(module + pkg)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range imported.Scope().Names() {
		object := imported.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		names[object] = imported.Name() + "." + name
		named, ok := object.Type().(*types.Named)
		if _, isType := object.(*types.TypeName); !ok || !isType {
			continue
		}
		for method := range named.Methods() {
			if method.Exported() {
				names[method] = names[object] + "." + method.Name()
			}
		}
	}
}

// used are the objects that examples name.
func (s *school) used() map[types.Object]bool {
	s.t.Helper()
	used := map[types.Object]bool{}
	for _, p := range s.packages {
		if strings.HasPrefix(p.ImportPath, module+"examples/") {
			s.look(p, slices.Concat(p.GoFiles, p.TestGoFiles), true, used)
		} else {
			s.look(p, p.XTestGoFiles, false, used)
		}
	}
	return used
}

// look notes the names that files use: all, or else those of examples. Tests are the examples of package matchqtest.
func (s *school) look(p listed, names []string, all bool, used map[types.Object]bool) {
	s.t.Helper()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(s.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			s.t.Fatal(err)
		}
		files = append(files, file)
	}
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	// Tests also use names that only tests have, which are errors here.
	config := types.Config{Importer: s.importer, Error: func(error) {}}
	_, _ = config.Check(p.ImportPath+"_learn", s.fset, files, &info)
	for _, file := range files {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			teaches := all || ok && teaches(s.fset.Position(file.Pos()).Filename, function)
			ast.Inspect(declaration, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					if object := info.Uses[id]; object != nil && (teaches || inTests(object)) {
						used[object] = true
					}
				}
				if value, ok := n.(ast.Expr); ok && teaches {
					valued(info.TypeOf(value), used)
				}
				return true
			})
		}
	}
}

// teaches says whether a function of the library's tests is for readers of its documentation. A page quotes game_test.go.
func teaches(file string, function *ast.FuncDecl) bool {
	name := filepath.Base(file)
	return strings.HasPrefix(name, "example") || strings.HasPrefix(function.Name.Name, "Example") || name == "game_test.go"
}

// inTests says whether an object is for tests.
func inTests(object types.Object) bool {
	return object.Pkg() != nil && object.Pkg().Path() == module+"matchq/matchqtest"
}

// valued notes the type of a value, and the type that it points to, or lists.
func valued(t types.Type, used map[types.Object]bool) {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		used[t.Obj()] = true
	case interface{ Elem() types.Type }:
		valued(t.Elem(), used)
	}
}

// origin is the object that a generic one was made of.
func origin(object types.Object) types.Object {
	switch o := object.(type) {
	case *types.Func:
		return o.Origin()
	case *types.Var:
		return o.Origin()
	default:
		return object
	}
}
