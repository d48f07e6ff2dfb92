package readmes_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// top is the top of the repository.
const top = "../../../.."

// block is an indented or fenced block of a README.
type block struct {
	name string // the file and the first line
	text string
}

// readmes returns all Markdown files, from the top of the repository.
func readmes(t *testing.T) map[string]string {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "git", "-C", top, "ls-files", "-co", "--exclude-standard", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name := range strings.FieldsSeq(string(list)) {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

// shells are the languages of fenced blocks that may be commands.
var shells = []string{"", "sh", "shell", "bash", "console"}

// blocksOf parts a file: fenced blocks of shells, and indented ones after an empty line.
func blocksOf(file, text string) []block {
	var all []block
	var lines []string
	fence, before := "", ""
	end := func() {
		if len(lines) > 0 {
			all = append(all, block{file + ": " + lines[0], strings.Join(lines, "\n") + "\n"})
		}
		lines = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		marked, isFence := strings.CutPrefix(line, "```")
		inner, indented := strings.CutPrefix(line, "    ")
		switch {
		case isFence && fence == "":
			end()
			fence = "of " + marked
		case isFence:
			end()
			fence = ""
		case fence != "":
			if slices.Contains(shells, strings.TrimPrefix(fence, "of ")) {
				lines = append(lines, line)
			}
		case indented && (len(lines) > 0 || before == ""):
			lines = append(lines, inner)
		default:
			end()
		}
		before = strings.TrimSpace(line)
	}
	end()
	return all
}

// programs are those that commands may name, whether they are here or not.
var programs = []string{
	"apt-get", "bash", "cd", "curl", "docker", "export", "git", "go", "helm", "jq", "kubectl", "make", "mkdir", "node", "npm", "npx",
	"openssl", "promtool", "python3", "redis-cli", "redis-server", "sh", "sudo", "systemctl", "wscat",
}

var assignment = regexp.MustCompile(`^\w+=\$?`)

// isCommand reports whether a block is for a shell, by the first word that is no assignment.
func (b block) isCommand() bool {
	for word := range strings.FieldsSeq(strings.SplitN(b.text, "\n", 2)[0]) {
		if found := assignment.FindString(word); found != "" {
			if strings.HasSuffix(found, "$") {
				return true
			}
			continue
		}
		if slices.Contains(programs, word) {
			return true
		}
		_, err := exec.LookPath(word)
		return err == nil && regexp.MustCompile(`^[a-z]`).MatchString(word) || strings.HasPrefix(word, "./")
	}
	return false
}

// commands returns all blocks of commands by name.
func commands(t *testing.T) map[string]block {
	t.Helper()
	all := map[string]block{}
	for file, text := range readmes(t) {
		for _, b := range blocksOf(file, text) {
			if b.isCommand() {
				all[b.name] = b
			}
		}
	}
	return all
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	got := blocksOf("x.md", "Text\n\n    one \\\n      two\n\n- item\n    no block\n\n```sh\nthree\n\nfour\n```\n```go\nfive\n```\n    six\n")
	want := []block{{"x.md: one \\", "one \\\n  two\n"}, {"x.md: three", "three\n\nfour\n"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]bool{
		"go run .": true, "A=1 B= ./x.sh": true, "alice=$(curl x)": true, "frobnicate all": false, "POST /hook": false,
		"docker run x": true, "{\"id\":1}": false, "lua/  the scripts": false,
	} {
		if got := (block{text: text}).isCommand(); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// TestEveryCommandIsAccountedFor finds commands that nobody runs, and entries of the lists that no README has any more.
func TestEveryCommandIsAccountedFor(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, list := range []map[string]string{testedElsewhere, notRunHere} {
		for name := range list {
			listed[name] = true
		}
	}
	for _, s := range sessions {
		for _, step := range s.steps {
			if name, isBlock := step.(string); isBlock {
				listed[name] = true
			}
		}
	}
	for name := range commands(t) {
		if !listed[name] {
			t.Errorf("no test runs %q: add it to a session, or say in a list why not", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("no README has %q any more", name)
	}
}

// functions returns the names of a package's tests and benchmarks, or of those of all packages below a folder.
func functions(t *testing.T, pkg string) []string {
	t.Helper()
	folder, all := strings.CutSuffix(pkg, "/...")
	var names []string
	err := filepath.WalkDir(filepath.Join(top, folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || !all && path != filepath.Join(top, folder)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			names = append(names, match[1])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return names
}

// TestEveryTestElsewhereExists holds the list of commands that other tests run.
func TestEveryTestElsewhereExists(t *testing.T) {
	t.Parallel()
	for command, where := range testedElsewhere {
		pkg, test, _ := strings.Cut(where, " ")
		if !slices.Contains(functions(t, pkg), test) {
			t.Errorf("%s has no %s, which should run %q", pkg, test, command)
		}
	}
}

// TestNamesInCommandsExist checks the tests, programs and files that commands in the text name.
func TestNamesInCommandsExist(t *testing.T) {
	t.Parallel()
	found := 0
	for file, text := range readmes(t) {
		for _, match := range regexp.MustCompile("(?:^|[`\\s(])((?:go (?:test|run|doc|build)|bash|\\./)[^`\n]*)").FindAllStringSubmatch(text, -1) {
			words := strings.Fields(strings.TrimRight(match[1], " \\"))
			pkgs, patterns := []string{}, []string{}
			for i, word := range words {
				word = strings.Trim(word, "',;:)")
				if pkg := strings.TrimSuffix(word, "."); regexp.MustCompile(`^\./\w`).MatchString(word) {
					pkgs = append(pkgs, strings.Replace(pkg, "/..", "/...", 1))
				}
				if i > 0 && (words[i-1] == "-run" || words[i-1] == "-bench") {
					patterns = append(patterns, word)
				}
			}
			for _, pkg := range pkgs {
				found++
				if _, err := os.Stat(filepath.Join(top, strings.TrimSuffix(pkg, "/..."))); err != nil {
					t.Errorf("%s names %s in %q: %v", file, pkg, match[1], err)
					continue
				}
				for _, pattern := range patterns {
					first, _, _ := strings.Cut(pattern, "/")
					of, err := regexp.Compile(first)
					if err == nil && first != "^$" && !slices.ContainsFunc(functions(t, pkg), of.MatchString) {
						t.Errorf("%s: no test of %s is named %s", file, pkg, pattern)
					}
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d names are found", found)
	}
}
