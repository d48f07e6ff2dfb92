package lua

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Redis that is full ("maxmemory" with "noeviction") refuses commands that may take memory, but in a script only up to
// its first write: a script must not end half done. Commands that only free memory are not refused. So a script goes on
// if its first write is one of those. HDEL of a field that is never there is such a write, and changes nothing.
//
// A shebang with flags would say the same, but the embedded Redis can't read one.
const opening = `call("HDEL", meta, "-")` + "\n"

// reads are the commands that change nothing. Any other command counts as a write: PUBLISH too, since a script that is
// refused must not have told anybody.
var reads = []string{
	"TIME", "EXISTS", "PTTL", "HGET", "HMGET", "HGETALL", "HEXISTS", "HLEN", "LRANGE", "LLEN", "XRANGE", "XREVRANGE", "XLEN", "XINFO",
	"ZSCORE", "ZMSCORE", "ZCARD", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE",
}

var (
	commands     = regexp.MustCompile(`\b(?:p?call)\("([A-Z]+)"`)
	functionHead = regexp.MustCompile(`^local function (\w+)\(`)
	// continues begins a line that goes on with, or ends, a block that began further above.
	continues = regexp.MustCompile(`^(?:[\s)}]|end\b|else|until\b|--)`)
)

// goOnWhenFull puts the opening directly before the statement with a script's first write. Before that the script may
// return without having written. Statements begin at the left margin.
func goOnWhenFull(h *Header, code, fragments string) (string, error) {
	writers := writersOf(fragments + code)
	lines := slices.Collect(strings.Lines(code))
	statement, inFunction := 0, false
	for i, line := range lines {
		if !continues.MatchString(line) {
			statement, inFunction = i, functionHead.MatchString(line)
		}
		if !inFunction && hasWrite(line, writers) {
			return strings.Join(lines[:statement], "") + opening + strings.Join(lines[statement:], ""), nil
		}
	}
	return "", fmt.Errorf("lua: %s: it goes on when Redis is full, but has no write", h.Script)
}

// writersOf are the functions that write, themselves or by a function that stands above them.
func writersOf(source string) []string {
	var writers []string
	function := ""
	for line := range strings.Lines(source) {
		if found := functionHead.FindStringSubmatch(line); found != nil {
			function = found[1]
		} else if !continues.MatchString(line) {
			function = ""
		}
		if function != "" && !slices.Contains(writers, function) && hasWrite(line, writers) {
			writers = append(writers, function)
		}
	}
	return writers
}

// hasWrite says whether a line has a command that writes, or calls a function that does.
func hasWrite(line string, writers []string) bool {
	line, _, _ = strings.Cut(line, "--")
	if !strings.Contains(line, "(") {
		return false // as most lines, and patterns are slow
	}
	for _, found := range commands.FindAllStringSubmatch(line, -1) {
		if !slices.Contains(reads, found[1]) {
			return true
		}
	}
	return slices.ContainsFunc(writers, func(name string) bool {
		return calls(line, name) && !strings.HasPrefix(line, "local function ")
	})
}

// calls says whether a line calls a function.
func calls(line, name string) bool {
	before, _, found := strings.Cut(line, name+"(")
	return found && (before == "" || !strings.ContainsAny(before[len(before)-1:], "abcdefghijklmnopqrstuvwxyz0123456789_"))
}
