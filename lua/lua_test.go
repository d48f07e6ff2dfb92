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

// header is what the comment on top of a script promises.
var (
	title    = regexp.MustCompile(`^-- (\w+): .*\. (READS|WRITES)\. O\(.+\)\.( Safe to repeat.*\.)?\n`)
	usedKey  = regexp.MustCompile(`KEYS\[(\d+)\]`)
	usedArg  = regexp.MustCompile(`ARGV\[(\d+)\]`)
	anyKey   = regexp.MustCompile(`KEYS\[([^\d]|\d+ )|#KEYS`)
	anyArg   = regexp.MustCompile(`ARGV\[([^\d]|\d+ )|#ARGV|unpack\(ARGV|ipairs\(ARGV`)
	writes   = regexp.MustCompile(`call\("(HSET|HDEL|HINCRBY|HSETNX|RPUSH|LPUSH|LTRIM|RPOP|LPOP|ZADD|ZREM|ZINCRBY|ZREMRANGEBYRANK|XADD|XDEL|UNLINK|DEL|SADD|SREM|SPOP|PEXPIRE|PUBLISH|XGROUP)"`)
	function = regexp.MustCompile(`(?m)^local (?:function )?(\w+)`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	source, err := files.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// split parts a script's header from its code.
func split(t *testing.T, source string) (header, code string) {
	t.Helper()
	end := strings.Index(source, "\n\n")
	if end < 0 {
		t.Fatal("a script is a header, an empty line and code")
	}
	return source[:end+1], source[end:]
}

func TestHeadersTellTheTruth(t *testing.T) {
	for _, name := range Scripts() {
		t.Run(name, func(t *testing.T) {
			header, code := split(t, read(t, name+".lua"))
			found := title.FindStringSubmatch(header)
			if found == nil || found[1] != name {
				t.Fatalf("the first line should be \"-- %s: what. READS or WRITES. O(cost). Safe to repeat…\"", name)
			}
			if (found[2] == "WRITES") != (writes.MatchString(code) || regexp.MustCompile(`(give_up|fall_apart|time_over|    post)\(`).MatchString(code)) {
				t.Errorf("says %s, but the code does not agree", found[2])
			}
			if found[2] == "WRITES" && found[3] == "" {
				t.Error("a script that writes must say why it is safe to repeat")
			}
			if !strings.Contains(header, "-- RETURN ") {
				t.Error("does not say what it returns")
			}
			checkParameters(t, "KEYS", header, code, usedKey, anyKey)
			checkParameters(t, "ARGV", header, code, usedArg, anyArg)
		})
	}
}

// checkParameters compares the numbers of KEYS or ARGV that a header names with those the code uses.
func checkParameters(t *testing.T, name, header, code string, used, open *regexp.Regexp) {
	t.Helper()
	rest := regexp.MustCompile(name + `\[(\d+)\.\.\]`)
	named := map[string]bool{}
	for _, found := range used.FindAllStringSubmatch(header, -1) {
		named[found[1]] = true
	}
	uses := map[string]bool{}
	for _, found := range used.FindAllStringSubmatch(code, -1) {
		uses[found[1]] = true
		if !named[found[1]] {
			t.Errorf("uses %s, which the header does not name", found[0])
		}
	}
	for number := range named {
		if !uses[number] {
			t.Errorf("the header names %s[%s], which the code does not use", name, number)
		}
	}
	if rest.MatchString(header) != open.MatchString(code) {
		t.Errorf("only one of header and code has a list of %s", name)
	}
}

func TestFragmentsAreFunctionsOfTheirParameters(t *testing.T) {
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
			// Alone, with what it includes, it must not need a name from anywhere else.
			a := assembly{files: files}
			if err := a.add(path); err != nil {
				t.Fatal(err)
			}
			lint(t, path, a.String())
		}
	}
}

func TestScriptsAreSound(t *testing.T) {
	for _, name := range Scripts() {
		for _, policy := range []string{"fifo", "random"} {
			chosen, ok := Policy(policy)
			if !ok {
				t.Fatalf("no policy %s", policy)
			}
			source, err := Source(name, chosen)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(source, "--@") || strings.Contains(source, "\r") {
				t.Errorf("%s: a mark or a CR is left in the source", name)
			}
			lint(t, name+"+"+policy, source)
		}
	}
}

// lint compiles a source with Lua 5.1 and has luacheck look at it.
func lint(t *testing.T, name, source string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ReplaceAll(name, "/", "-")+".lua")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "luac5.1", "-p", path)
	run(t, "luacheck", "--no-color", "--codes", "--std", "lua51+redis", "--config", luacheckConfig(t), path)
}

// luacheckConfig knows what Redis adds to Lua 5.1. Not every script uses all of a fragment.
func luacheckConfig(t *testing.T) string {
	t.Helper()
	ignore := []string{`"211/policy"`}
	paths, err := fs.Glob(files, "lib/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, found := range function.FindAllStringSubmatch(read(t, path), -1) {
			ignore = append(ignore, `"211/`+found[1]+`"`)
		}
	}
	config := `stds.redis = { read_globals = { "KEYS", "ARGV", "cjson", redis = { fields = { "call", "pcall", "error_reply", "sha1hex" } } } }
max_line_length = 120
ignore = { ` + strings.Join(ignore, ", ") + " }\n"
	path := filepath.Join(t.TempDir(), "luacheckrc")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a tool. Where it is missing the check is left out, unless the run promises to have everything.
func run(t *testing.T, tool string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		if os.Getenv("MATCHQ_REQUIRE_REDIS") == "1" {
			t.Fatalf("%s is missing: apt-get install lua5.1 lua-check", tool)
		}
		t.Logf("%s is missing: not checked with it", tool)
		return
	}
	if output, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", tool, args[len(args)-1], err, output)
	}
}

func TestAssemblyFindsCyclesAndMissingFiles(t *testing.T) {
	made := fstest.MapFS{
		"once.lua":    {Data: []byte("--@include lib/a.lua\n--@include lib/b.lua\nmain()\n")},
		"lib/a.lua":   {Data: []byte("--@include lib/b.lua\na()\n")},
		"lib/b.lua":   {Data: []byte("b()\n")},
		"cycle.lua":   {Data: []byte("--@include lib/c.lua\n")},
		"lib/c.lua":   {Data: []byte("--@include cycle.lua\n")},
		"missing.lua": {Data: []byte("--@include lib/none.lua\n")},
	}
	for path, want := range map[string]string{
		"once.lua": "", "cycle.lua": "includes itself", "missing.lua": "file does not exist",
	} {
		a := assembly{files: made}
		err := a.add(path)
		switch {
		case want == "" && (err != nil || a.String() != "b()\na()\nmain()\n"):
			t.Errorf("%s: %q, %v", path, a.String(), err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one that says %q", path, err, want)
		}
	}
}
