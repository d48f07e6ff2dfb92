package sandbox

import (
	"fmt"
	"slices"
)

// value has the facts that are known of an expression.
type value struct {
	first    int       // its first token
	variable *variable // set if it is a name
	name     string    // of the variable
	numeric  bool      // a number in any case
	literal  bool
	call     bool
	library  bool   // a function that lua/lib/sandbox.lua gives, unless its name was assigned
	enclosed bool   // in parentheses, and so no target of an assignment
	read     func() // notes the edit of its last index, if that is read and not assigned
}

// used says that a value is read.
func (v *value) used() {
	if v.read != nil {
		v.read()
		v.read = nil
	}
}

// priorities of the binary operators, left and right.
var priorities = map[string][2]int{
	"or": {1, 1}, "and": {2, 2},
	"<": {3, 3}, ">": {3, 3}, "<=": {3, 3}, ">=": {3, 3}, "~=": {3, 3}, "==": {3, 3},
	"..": {5, 4}, "+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7}, "^": {10, 9},
}

const unaryPriority = 8

// expressions reads a list of expressions, and returns the first.
func (p *parser) expressions() value {
	first := p.expression(0)
	for p.accept(",") {
		p.expression(0)
	}
	return first
}

// expression reads an expression of operators that bind more strongly than limit.
func (p *parser) expression(limit int) value {
	p.open() // bounds the recursion
	defer p.closeScope()
	v := p.operand()
	for p.token().kind == symbol {
		operator := p.token().text
		priority, found := priorities[operator]
		if !found || priority[0] <= limit {
			break
		}
		if operator == ".." {
			p.concatenation(v.first)
			v = value{first: v.first}
			continue
		}
		p.next()
		p.expression(priority[1])
		v = value{first: v.first, numeric: slices.Contains([]string{"+", "-", "*", "/", "%", "^"}, operator)}
	}
	return v
}

// operand reads an operand, with unary operators in front of it.
func (p *parser) operand() value {
	v := value{first: p.at, literal: true}
	switch t := p.token(); {
	case p.is("not", "-", "#"):
		v.numeric = t.text != "not"
		p.next()
		p.expression(unaryPriority)
		v.literal = false
	case t.kind == number:
		v.numeric = true
		p.next()
	case t.kind == text || p.is("nil", "true", "false"):
		p.next()
	case p.is("..."):
		if !p.funcs[len(p.funcs)-1].vararg {
			p.failf(t.line, "cannot use '...' outside a vararg function")
		}
		dots := p.next()
		p.edits.add(func(e *edited) { e.instead[dots] = p.names.varargs + "(...)" })
		v.literal = false
	case p.is(`{`):
		p.table()
	case p.is("function"):
		p.next()
		p.body(t.line, false)
		v.literal = false
	default:
		v = p.suffixed()
		v.used()
	}
	return v
}

// concatenation reads the rest of a chain of "..", whose first operand has been read, and makes a call of it: the
// length of the result must be bounded.
func (p *parser) concatenation(first int) {
	line := p.token().line
	var operators []int
	for p.is("..") {
		operators = append(operators, p.next())
		p.expression(priorities[".."][0])
	}
	last := p.at - 1
	p.edits.add(func(e *edited) {
		e.before[first] = fmt.Sprintf("%s(%d,", p.names.concat, line) + e.before[first]
		for i, operator := range operators {
			e.instead[operator] = ","
			if i == len(operators)-1 {
				e.instead[operator] = ",(" // one value of the last operand
			}
		}
		e.after[last] += "))"
	})
}

// primary reads a name, or an expression in parentheses.
func (p *parser) primary() value {
	v := value{first: p.at}
	line := p.token().line
	if p.accept("(") {
		p.expression(0)
		p.expectEnd(")", "(", line)
		v.enclosed = true
		return v
	}
	if p.token().kind != word {
		p.unexpected("unexpected symbol")
	}
	v.name = p.tokens[p.next()].text
	v.variable = p.variable(v.name)
	v.numeric = v.variable.numeric // unless it is assigned, which shows later
	if (v.name == "pairs" || v.name == "next") && p.isGlobal(v.name) {
		p.unsteady = append(p.unsteady, unsteady{v.variable, line, v.name + " has another order on each Redis: sort the names first"})
	}
	return v
}

// suffixed reads a name or an expression in parentheses, with its fields, indices and calls.
func (p *parser) suffixed() value {
	v := p.primary()
	for {
		line := p.token().line
		switch {
		case p.is("."):
			v.used()
			dot, name := p.next(), p.name()
			library := v.variable != nil && slices.Contains(libraries, v.name) && p.isGlobal(v.name)
			v = value{first: v.first, read: p.field(v, dot, name, line), library: library}
		case p.is("["):
			v.used()
			opening := p.next()
			key := p.expression(0)
			closing := p.expect("]")
			v = value{first: v.first, read: p.index(v.first, opening, closing, key, line)}
		case p.is(":"):
			v.used()
			colon, name := p.next(), p.name()
			p.method(v.first, colon, name, line)
			v = value{first: v.first, call: true}
		case p.is("(", `{`) || p.token().kind == text:
			if p.is("(") && line != p.tokens[p.at-1].line {
				p.unexpected("ambiguous syntax (function call x new statement)")
			}
			v.used()
			opening := p.at
			_, none := p.arguments()
			if v.library && p.tokens[opening].text == "(" {
				p.invoke(v.first, opening, none, line)
			}
			v = value{first: v.first, call: true}
		default:
			return v
		}
	}
}

// field returns the edit of a field that is read: if its name is that of a method of strings, the value may be one.
func (p *parser) field(of value, dot, name, line int) func() {
	if of.variable != nil && of.name == "math" && p.tokens[name].text == "random" && p.isGlobal(of.name) {
		p.unsteady = append(p.unsteady, unsteady{of.variable, line, "math.random gives other numbers on each Redis"})
	}
	if !slices.Contains(stringMethods, p.tokens[name].text) {
		return nil
	}
	library := of.variable != nil && of.name == "string" && p.isGlobal(of.name)
	return func() {
		p.edits.add(func(e *edited) {
			if library && !of.variable.assigned {
				return
			}
			e.before[of.first] = fmt.Sprintf("%s(%d,", p.names.index, line) + e.before[of.first]
			e.instead[dot], e.instead[name] = ",", `"`+p.tokens[name].text+`"`
			e.after[name] += ")"
		})
	}
}

// index returns the edit of an index that is read: unless the key is a number, it may be the name of a method, and the
// value a string.
func (p *parser) index(first, opening, closing int, key value, line int) func() {
	if key.numeric && key.variable == nil {
		return nil
	}
	return func() {
		p.edits.add(func(e *edited) {
			if key.numeric && !key.variable.assigned {
				return
			}
			e.before[first] = fmt.Sprintf("%s(%d,", p.names.index, line) + e.before[first]
			e.instead[opening], e.instead[closing] = ",", ")"
		})
	}
}

// libraries are names of tables with functions.
var libraries = []string{"string", "table", "cjson", "matchq"}

// invoke notes the edit of a library function's call.
func (p *parser) invoke(first, opening int, none bool, line int) {
	p.edits.add(func(e *edited) {
		e.before[first] = fmt.Sprintf("%s(%d,", p.names.invoke, line) + e.before[first]
		e.instead[opening] = ","
		if none {
			e.instead[opening] = " "
		}
	})
}

// method reads the arguments of a method's call, and notes its edit: the value may be a string.
func (p *parser) method(first, colon, name, line int) {
	opening := p.at
	last, none := p.arguments()
	p.edits.add(func(e *edited) {
		e.before[first] = fmt.Sprintf("%s(%d,", p.names.method, line) + e.before[first]
		e.instead[colon], e.instead[name] = ",", `"`+p.tokens[name].text+`"`
		switch {
		case p.tokens[opening].text != "(":
			e.after[name] += ","
			e.after[last] += ")"
		case none:
			e.instead[opening] = " "
		default:
			e.instead[opening] = ","
		}
	})
}

// arguments reads those of a call, and returns their last token and whether there are none.
func (p *parser) arguments() (last int, none bool) {
	line := p.token().line
	switch {
	case p.token().kind == text:
		return p.next(), false
	case p.is(`{`):
		return p.table(), false
	case p.accept("("):
		if none = p.is(")"); !none {
			p.expressions()
		}
		return p.expectEnd(")", "(", line), none
	}
	p.unexpected("function arguments expected")
	return 0, false
}

// table reads a table constructor, and returns its last token.
func (p *parser) table() int {
	line := p.token().line
	p.expect(`{`)
	for !p.is("}") {
		switch {
		case p.accept("["):
			p.expression(0)
			p.expect("]")
			p.expect("=")
		case p.token().kind == word && p.tokens[p.at+1].text == "=":
			p.next()
			p.next()
		}
		p.expression(0)
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	return p.expectEnd("}", `{`, line)
}
