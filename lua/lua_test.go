package lua

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var (
	writes = regexp.MustCompile(`call\("(HSET|HDEL|HINCRBY|HSETNX|RPUSH|LPUSH|LTRIM|RPOP|LPOP|ZADD|ZREM|ZINCRBY|ZREMRANGEBYRANK|XADD|XDEL|UNLINK|DEL|SADD|SREM|SPOP|PEXPIRE|PUBLISH|XGROUP)"`)

	// writers are fragments that write.
	writers = regexp.MustCompile(`\b(cancel_tickets|dissolve|drop_group|time_out|send)\(`)

	function = regexp.MustCompile(`(?m)^local (?:function )?([\w, ]+)`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	source, err := files.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// TestHeadersTellTheTruth checks that a script writes if its header says so. The binding makes its keys and arguments
// those of the header, and the linter finds unused ones.
func TestHeadersTellTheTruth(t *testing.T) {
	for _, name := range Scripts() {
		t.Run(name, func(t *testing.T) {
			header, code, err := parseHeader(name, read(t, name+".lua"))
			if err != nil {
				t.Fatal(err)
			}
			if header.Writes != (writes.MatchString(code) || writers.MatchString(code)) {
				t.Errorf("the header says that it writes: %v; the code disagrees", header.Writes)
			}
		})
	}
}

const (
	maxLines = 100 // of a script; a tick is the one exception
	maxWidth = 120
)

func TestScriptsStayShort(t *testing.T) {
	paths, err := fs.Glob(files, "*/*.lua")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		source := read(t, path)
		script := !strings.HasPrefix(path, "lib/") && !strings.HasPrefix(path, "policy/")
		if lines := strings.Count(source, "\n"); script && lines > maxLines && path != "match/tick.lua" {
			t.Errorf("%s has %d lines, more than %d", path, lines, maxLines)
		}
		for i, line := range strings.Split(source, "\n") {
			if len([]rune(line)) > maxWidth {
				t.Errorf("%s:%d is wider than %d", path, i+1, maxWidth)
			}
		}
	}
}

func TestFragmentsAreFunctionsOfTheirParameters(t *testing.T) {
	sources := map[string]string{}
	for _, dir := range []string{"lib", "policy"} {
		paths, err := fs.Glob(files, dir+"/*.lua")
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d fragments, %v", dir, len(paths), err)
		}
		for _, path := range paths {
			source := read(t, path)
			if strings.Contains(source, "KEYS") || strings.Contains(source, "ARGV") {
				t.Errorf("%s touches KEYS or ARGV", path)
			}
			// With only its included fragments it must not need any other name.
			if sources[path], err = Fragment(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	lint(t, sources)
}

func TestScriptsAreSound(t *testing.T) {
	sources := map[string]string{}
	for _, name := range Scripts() {
		source, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(source, "--@") || strings.Contains(source, "\r") {
			t.Errorf("%s: a mark or a CR is left in the source", name)
		}
		sources[name] = source
	}
	lint(t, sources)
}

// lint compiles sources with Lua 5.1 and checks them with luacheck.
func lint(t *testing.T, sources map[string]string) {
	t.Helper()
	var paths []string
	for name, source := range sources {
		path := filepath.Join(t.TempDir(), strings.ReplaceAll(name, "/", "-")+".lua")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	run(t, "luac5.1", append([]string{"-p"}, paths...)...)
	run(t, "luacheck", append([]string{"--no-color", "--codes", "--std", "lua51+redis", "--config", luacheckConfig(t)}, paths...)...)
}

// luacheckConfig lists the names that Redis adds to Lua 5.1. Not every script uses all of a fragment.
func luacheckConfig(t *testing.T) string {
	t.Helper()
	ignore := []string{`"211/call"`, `"211/version"`}
	for _, script := range Scripts() {
		header, err := HeaderOf(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range header.Rows() {
			ignore = append(ignore, `"211/`+Counts(group)+`"`) // not every script uses the count
		}
	}
	paths, err := fs.Glob(files, "[lp]*/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, found := range function.FindAllStringSubmatch(read(t, path), -1) {
			for name := range strings.SplitSeq(found[1], ",") {
				ignore = append(ignore, `"211/`+strings.TrimSpace(name)+`"`)
			}
		}
	}
	config := `stds.redis = { read_globals = { "KEYS", "ARGV", "cjson", redis = { fields = { "call", "pcall", "error_reply", "sha1hex" } } } }
max_line_length = false
ignore = { ` + strings.Join(ignore, ", ") + " }\n"
	path := filepath.Join(t.TempDir(), "luacheckrc")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a tool. It skips the test if the tool is missing, unless an environment variable requires it.
func run(t *testing.T, tool string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
			t.Fatalf("%s is missing: apt-get install lua5.1 lua-check", tool)
		}
		t.Logf("%s is missing: not checked with it", tool)
		return
	}
	if output, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", tool, err, output)
	}
}

func TestAssemblyFindsCyclesAndMissingFiles(t *testing.T) {
	const header = "-- once: a test. READS. O(1).\n-- RETURN nothing\n\n"
	made := fstest.MapFS{
		"once.lua":    {Data: []byte(header + "--@include lib/a.lua\n--@include lib/b.lua\n\nmain()\n")},
		"lib/a.lua":   {Data: []byte("--@include lib/b.lua\na()\n")},
		"lib/b.lua":   {Data: []byte("b()\n")},
		"cycle.lua":   {Data: []byte(strings.Replace(header, "once", "cycle", 1) + "--@include lib/c.lua\n")},
		"lib/c.lua":   {Data: []byte("--@include cycle.lua\n")},
		"missing.lua": {Data: []byte(strings.Replace(header, "once", "missing", 1) + "--@include lib/none.lua\n")},
	}
	for script, want := range map[string]string{
		"once": "", "cycle": "includes itself", "missing": "file does not exist",
	} {
		a := assembly{files: made}
		err := a.addScript(script)
		switch {
		case want == "" && (err != nil || !strings.HasPrefix(a.String(), "b()\na()\n") || !strings.HasSuffix(a.String(), "main()\n")):
			t.Errorf("%s: %q, %v", script, a.String(), err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one that says %q", script, err, want)
		}
	}
}
