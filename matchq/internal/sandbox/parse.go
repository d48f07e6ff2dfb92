package sandbox

import (
	"fmt"
	"slices"
)

// parser reads a chunk of Lua 5.1, and notes the edits that make it safe. It recurses as the grammar does.
type parser struct {
	tokens []token
	at     int
	scopes []map[string]*variable
	free   []string             // names that no local declaration covers, in order
	global map[string]*variable // by those names
	funcs  []function           // around the place at work, the chunk first
	weight []int                // tokens of each loop and function around it
	edits  edits
	names  helpers

	unsteady []unsteady

	returns bool // the chunk has a return outside functions
	literal bool // the last one returns a literal
}

// variable is a local variable, or a name that is none.
type variable struct {
	numeric  bool // the variable of a numeric loop
	assigned bool
}

type function struct {
	vararg bool
	loops  int
}

// unsteady is the use of a name whose function does not do the same on each Redis.
type unsteady struct {
	variable *variable
	line     int
	text     string
}

// warnings are those about names that mean what Lua means by them.
func (p *parser) warnings() (found []Warning) {
	for _, u := range p.unsteady {
		if !u.variable.assigned {
			found = append(found, Warning{u.line, u.text})
		}
	}
	return found
}

// failure stops the parser; parse recovers it.
type failure struct{ err *Error }

// maxNesting is for how deep the parser recurses. Redis allows 200 levels.
const maxNesting = 250

// parse reads a chunk.
func (p *parser) parse() (err *Error) {
	defer func() {
		if stopped := recover(); stopped != nil {
			f, ours := stopped.(failure)
			if !ours {
				panic(stopped)
			}
			err = f.err
		}
	}()
	p.global = map[string]*variable{}
	p.funcs, p.weight = []function{{vararg: true}}, []int{0}
	p.block()
	if p.token().kind != end {
		p.unexpected("'<eof>' expected")
	}
	return nil
}

func (p *parser) token() *token { return &p.tokens[p.at] }

func (p *parser) failf(line int, format string, args ...any) {
	panic(failure{&Error{Line: line, Problem: fmt.Sprintf(format, args...)}})
}

// unexpected refuses the token at work.
func (p *parser) unexpected(why string) {
	near := p.token().text
	if p.token().kind == end {
		near = "<eof>"
	}
	if len(near) > 40 {
		near = near[:40] + "…"
	}
	p.failf(p.token().line, "%s near '%s'", why, near)
}

// next goes on, and returns the index of the token it leaves.
func (p *parser) next() int {
	p.weight[len(p.weight)-1]++
	p.at++
	return p.at - 1
}

func (p *parser) is(symbols ...string) bool {
	return p.token().kind == symbol && slices.Contains(symbols, p.token().text)
}

// accept goes on if the token is a symbol.
func (p *parser) accept(symbol string) bool {
	if p.is(symbol) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(symbol string) int {
	if !p.is(symbol) {
		p.unexpected("'" + symbol + "' expected")
	}
	return p.next()
}

// expectEnd expects what closes a construct that opened in a line.
func (p *parser) expectEnd(symbol, opened string, line int) int {
	if !p.is(symbol) && line != p.token().line {
		p.unexpected(fmt.Sprintf("'%s' expected (to close '%s' at line %d)", symbol, opened, line))
	}
	return p.expect(symbol)
}

func (p *parser) name() int {
	if p.token().kind != word {
		p.unexpected("<name> expected")
	}
	return p.next()
}

// declare makes a local variable.
func (p *parser) declare(name string, v *variable) { p.scopes[len(p.scopes)-1][name] = v }

// variable finds the variable of a name.
func (p *parser) variable(name string) *variable {
	for _, scope := range slices.Backward(p.scopes) {
		if v := scope[name]; v != nil {
			return v
		}
	}
	if p.global[name] == nil {
		p.global[name] = &variable{}
		p.free = append(p.free, name)
	}
	return p.global[name]
}

// isGlobal says whether a name is covered by no declaration.
func (p *parser) isGlobal(name string) bool { return p.variable(name) == p.global[name] }

// open begins a scope.
func (p *parser) open() {
	if len(p.scopes) > maxNesting {
		p.failf(p.token().line, "the chunk has too many syntax levels")
	}
	p.scopes = append(p.scopes, map[string]*variable{})
}

func (p *parser) closeScope() { p.scopes = p.scopes[:len(p.scopes)-1] }

// counted reads a loop or the body of a function, which is charged each time it runs. body returns the token after which
// a round begins.
func (p *parser) counted(body func() int) {
	p.weight = append(p.weight, 0)
	first := body()
	top := len(p.weight) - 1
	weight := 1 + p.weight[top]/tokensPerStep
	p.weight = p.weight[:top]
	line := p.tokens[first].line
	p.edits.add(func(e *edited) { e.after[first] += fmt.Sprintf(" %s(%d,%d) ", p.names.step, weight, line) })
}

// loop reads the body of a loop.
func (p *parser) loop(body func()) {
	p.funcs[len(p.funcs)-1].loops++
	body()
	p.funcs[len(p.funcs)-1].loops--
}
