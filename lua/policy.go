package lua

import (
	"fmt"
	"strings"
)

// A script that says --@policy gets two locals: policy, a function of a batch and the size of a match, and guest, which is
// nil if the policy is a built-in one; see lib/sandbox.lua.

const guestHead = includeMark + "lib/sandbox.lua\n"

// addPolicy appends the policy. A built-in one is part of the script: it is ours, and costs nothing to load.
func (a *assembly) addPolicy() error {
	if strings.HasPrefix(a.policy, guestHead) {
		return a.addLines(a.policy)
	}
	a.WriteString("local guest = nil\nlocal policy = (function()\n" + a.policy + "\nend)()\n")
	return nil
}

// Guest is the Lua that defines a policy of a user's own. The script loads the source as a chunk of its own, so that no
// line of it can reach the script's names, and its errors have its own line numbers. The chunk gets the helpers and then
// the names as its arguments: what lib/sandbox.lua gives under that name, else nil.
func Guest(version, source string, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return guestHead + fmt.Sprintf("local guest = sandbox(%s, %s, { %s })\nlocal policy = guest.run\n",
		quote(version), quote(source), strings.Join(quoted, ", "))
}

// quote returns a Lua string in one line.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, "\\%03d", c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
