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

// TestRequiredProgramsAreTold compares the variables that make tests fail without their programs: those that tests read, those
// that CI sets, and those that contributors read of.
func TestRequiredProgramsAreTold(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`MATCHQ_REQUIRE_[A-Z]+`)
	named := func(text []byte, err error) []string {
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Fields(string(text))
		for i := range names {
			names[i] = name.FindString(names[i])
		}
		slices.Sort(names)
		return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
	}
	want := named(exec.CommandContext(t.Context(), "git", "-C", top, "grep", "--untracked", "-hoE", name.String()+`"`, "--", "*.go").Output())
	if len(want) == 0 {
		t.Fatal("no test requires a program")
	}
	for _, file := range []string{".ci/run", ".github/CONTRIBUTING.md"} {
		if got := named(os.ReadFile(filepath.Join(top, file))); !slices.Equal(got, want) {
			t.Errorf("%s names %v, tests read %v", file, got, want)
		}
	}
}
