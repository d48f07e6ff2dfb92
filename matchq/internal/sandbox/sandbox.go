// Package sandbox prepares policies of users' own, which run inside Redis, while Redis serves nobody else.
//
// Compile reads a policy as Lua 5.1 does, and changes it where it could do harm:
//
//   - Its names reach nothing but what lua/lib/sandbox.lua gives. All names that it does not declare become locals of its
//     chunk: Redis has no setfenv.
//   - Loops and functions count steps, so that the policy is stopped before it blocks Redis.
//   - Reading an index of a value that may be a string, and calling a method, goes by helpers: Redis does not let anybody
//     replace the methods of strings, some of which have no bound.
//   - So does "..", which could double a string with each operation.
//   - So do calls of library functions, for the line of their errors, and "...", which has no bound.
//   - So do some assignments, which the Lua of the embedded Redis computes wrongly.
//
// No edit changes a line number.
package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxSource is the longest source (bytes).
	maxSource = 16 << 10

	// maxNames is for names that the source does not declare: a chunk of Lua has at most 200 locals.
	maxNames = 100

	// tokensPerStep is how much source a step of a loop or a function may run.
	tokensPerStep = 32
)

// stringMethods are the functions of Lua's string library.
var stringMethods = []string{
	"byte", "char", "dump", "find", "format", "gfind", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper",
}

// helpers are the names by which an edited source calls what lua/lib/sandbox.lua gives.
type helpers struct{ step, concat, index, method, invoke, varargs, pass string }

// Compiled is a policy as lua/lib/sandbox.lua takes it.
type Compiled struct {
	Source string
	Names  []string // that it gets from there

	Warnings []Warning
}

// Warning says that the embedded Redis may compute something otherwise than a real one.
type Warning struct {
	Line int
	Text string
}

// Compile prepares a policy. There is an error if the source is no Lua 5.1, or returns no function.
func Compile(name, source string) (Compiled, *Error) {
	c, err := instrument(source)
	if err != nil {
		err.Policy = name
	}
	return c, err
}

// Version tells a policy from others and from earlier sources of the same name.
func Version(name, source string) string {
	sum := sha256.Sum256([]byte(source))
	return name + "-" + hex.EncodeToString(sum[:4])
}

// instrument edits a source. Its names are those that it gets from outside besides the helpers.
func instrument(source string) (Compiled, *Error) {
	if len(source) > maxSource {
		return Compiled{}, &Error{Problem: fmt.Sprintf("the source has %d bytes, more than %d", len(source), maxSource)}
	}
	tokens, err := scan(source)
	if err != nil {
		return Compiled{}, err
	}
	p := &parser{tokens: tokens, names: newHelpers(tokens)}
	if err := p.parse(); err != nil {
		return Compiled{}, err
	}
	last := tokens[len(tokens)-1].line
	switch {
	case !p.returns || p.literal:
		return Compiled{}, &Error{Line: last, Problem: "the source must return a function"}
	case len(p.free) > maxNames:
		return Compiled{}, &Error{Problem: fmt.Sprintf("the source has %d names without a declaration, more than %d", len(p.free), maxNames)}
	}
	head := strings.Join(append(p.names.all(), p.free...), ",")
	edited := "local " + head + " = ... " + p.edits.apply(source, tokens)
	return Compiled{Source: edited, Names: p.free, Warnings: p.warnings()}, nil
}

// all are the helpers in the order in which lua/lib/sandbox.lua gives them.
func (h *helpers) all() []string {
	return []string{h.step, h.concat, h.index, h.method, h.invoke, h.varargs, h.pass}
}

// newHelpers returns names that the source does not use.
func newHelpers(tokens []token) helpers {
	for prefix := "_"; ; prefix += "_" {
		h := helpers{
			prefix + "step", prefix + "concat", prefix + "index", prefix + "method", prefix + "invoke", prefix + "varargs", prefix + "pass",
		}
		taken := slices.ContainsFunc(tokens, func(t token) bool {
			return t.kind == word && slices.Contains(h.all(), t.text)
		})
		if !taken {
			return h
		}
	}
}

// edits are changes of a source, inner expressions first. They are made when all of it was read.
type edits []func(*edited)

func (e *edits) add(edit func(*edited)) { *e = append(*e, edit) }

// edited has texts by the index of a token.
type edited struct {
	before, after, instead map[int]string
}

// apply returns the source with the edits made. Spaces and comments stay.
func (e *edits) apply(source string, tokens []token) string {
	made := &edited{before: map[int]string{}, after: map[int]string{}, instead: map[int]string{}}
	for _, edit := range *e {
		edit(made)
	}
	var out strings.Builder
	from := 0
	for i, t := range tokens {
		out.WriteString(source[from:t.from])
		out.WriteString(made.before[i])
		if instead, found := made.instead[i]; found {
			out.WriteString(instead)
		} else {
			out.WriteString(t.text)
		}
		out.WriteString(made.after[i])
		from = t.to
	}
	return out.String()
}
