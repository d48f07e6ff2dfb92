package lua

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// keepsOldValue finds an assignment of "a and b" to a local that exists. The Lua of the embedded Redis (gopher-lua 1.1.1)
// leaves the old value there if a is nil or false, and neither a comparison nor a negation. With "or", or in a new local,
// it is right.
var keepsOldValue = regexp.MustCompile(`^\s+[a-z_]+ = [^=<>~]*\band\b`)

func TestFragmentsAvoidWhatTheEmbeddedRedisMiscompiles(t *testing.T) {
	paths, err := fs.Glob(files, "*/*.lua")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d fragments, %v", len(paths), err)
	}
	for _, path := range paths {
		for i, line := range strings.Split(read(t, path), "\n") {
			if keepsOldValue.MatchString(line) && !strings.Contains(line, " = not ") && !strings.Contains(line, " or ") && !strings.HasSuffix(line, ",") {
				t.Errorf("%s:%d: %s\n  the embedded Redis may keep the old value: write an if", path, i+1, strings.TrimSpace(line))
			}
		}
	}
	if !keepsOldValue.MatchString("      value = ticket.attributes and ticket.attributes[rule.attribute]") {
		t.Error("the pattern does not find what it is for")
	}
}
