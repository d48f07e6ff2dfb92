package sandbox

import "slices"

// block reads statements, in a scope of their own.
func (p *parser) block() {
	p.open()
	p.statements()
	p.closeScope()
}

func (p *parser) statements() {
	for p.token().kind != end && !p.is("end", "else", "elseif", "until") {
		last := p.is("return", "break")
		p.statement()
		p.accept(";")
		if last {
			return // the grammar has nothing after it in a block
		}
	}
}

func (p *parser) statement() {
	line := p.token().line
	switch {
	case p.accept("if"):
		p.branches(line)
	case p.accept("while"):
		p.counted(func() int {
			p.expression(0) // is part of each round
			first := p.expect("do")
			p.loop(p.block)
			return first
		})
		p.expectEnd("end", "while", line)
	case p.accept("do"):
		p.block()
		p.expectEnd("end", "do", line)
	case p.accept("for"):
		p.forLoop(line)
	case p.accept("repeat"):
		p.counted(func() int {
			first := p.at - 1
			p.open() // the condition sees the locals of the body
			p.loop(p.statements)
			p.expectEnd("until", "repeat", line)
			p.expression(0)
			p.closeScope()
			return first
		})
	case p.accept("function"):
		p.namedFunction(line)
	case p.accept("local"):
		p.local(line)
	case p.accept("return"):
		p.returned()
	case p.accept("break"):
		if p.funcs[len(p.funcs)-1].loops == 0 {
			p.failf(line, "no loop to close near 'break'")
		}
	default:
		p.assignmentOrCall()
	}
}

func (p *parser) branches(line int) {
	for {
		p.expression(0)
		p.expect("then")
		p.block()
		if p.accept("else") {
			p.block()
			break
		}
		if !p.accept("elseif") {
			break
		}
	}
	p.expectEnd("end", "if", line)
}

func (p *parser) forLoop(line int) {
	names := []string{p.tokens[p.name()].text}
	numeric := p.accept("=")
	if numeric {
		p.expression(0)
		p.expect(",")
		p.expression(0)
		if p.accept(",") {
			p.expression(0)
		}
	} else {
		for p.accept(",") {
			names = append(names, p.tokens[p.name()].text)
		}
		p.expect("in")
		p.expressions()
	}
	first := p.expect("do")
	p.counted(func() int {
		p.open()
		for _, name := range names {
			p.declare(name, &variable{numeric: numeric})
		}
		p.loop(p.block)
		p.closeScope()
		return first
	})
	p.expectEnd("end", "for", line)
}

func (p *parser) namedFunction(line int) {
	p.assign(p.tokens[p.name()].text, p.is(".", ":"))
	method := false
	for !method && p.is(".", ":") {
		method = p.is(":")
		p.next()
		p.name()
	}
	p.body(line, method)
}

// assign notes that a variable gets another value, unless only a field of it does.
func (p *parser) assign(name string, field bool) {
	if v := p.variable(name); !field {
		v.assigned = true
	}
}

func (p *parser) local(line int) {
	if p.accept("function") {
		p.declare(p.tokens[p.name()].text, &variable{})
		p.body(line, false)
		return
	}
	names := []string{p.tokens[p.name()].text}
	for p.accept(",") {
		names = append(names, p.tokens[p.name()].text)
	}
	if p.accept("=") {
		p.expressions()
	}
	for _, name := range names {
		p.declare(name, &variable{})
	}
}

func (p *parser) returned() {
	first := value{}
	if p.token().kind != end && !p.is("end", "else", "elseif", "until", ";") {
		first = p.expressions()
	} else {
		first.literal = true // nothing
	}
	if len(p.funcs) == 1 {
		p.returns, p.literal = true, first.literal
	}
}

func (p *parser) assignmentOrCall() {
	targets := []value{p.suffixed()}
	if !p.is("=", ",") {
		if !targets[0].call {
			p.unexpected("syntax error")
		}
		return
	}
	for p.accept(",") {
		targets = append(targets, p.suffixed())
	}
	for _, target := range targets {
		if target.call || target.enclosed {
			p.unexpected("syntax error")
		}
		if target.variable != nil {
			target.variable.assigned = true
		}
	}
	p.expect("=")
	first := p.at
	p.expressions()
	p.passed(targets, first)
}

// passed notes the edit of an assignment whose values begin at a token, if the Lua of the embedded Redis computes it
// wrongly: it gives one variable its value before the next is computed (a, b = b, a), and leaves the old value where "and"
// ends with its first operand (a = t.x and 1). As values of a function's call they are right.
func (p *parser) passed(targets []value, first int) {
	wrong := false
	for _, t := range p.tokens[first:p.at] {
		isTarget := func(v value) bool {
			return v.variable != nil && (t.text == "and" || len(targets) > 1 && t.text == v.name)
		}
		wrong = wrong || slices.ContainsFunc(targets, isTarget)
	}
	if last := p.at - 1; wrong {
		p.edits.add(func(e *edited) {
			e.before[first] = p.names.pass + "(" + e.before[first]
			e.after[last] += ")"
		})
	}
}

// body reads the parameters and the body of a function.
func (p *parser) body(line int, method bool) {
	p.open()
	if method {
		p.declare("self", &variable{})
	}
	p.expect("(")
	f := function{}
	for !p.is(")") {
		if p.accept("...") {
			f.vararg = true
			break
		}
		p.declare(p.tokens[p.name()].text, &variable{})
		if !p.accept(",") {
			break
		}
		if p.is(")") {
			p.unexpected("<name> or '...' expected")
		}
	}
	first := p.expect(")")
	p.funcs = append(p.funcs, f)
	p.counted(func() int { p.block(); return first })
	p.funcs = p.funcs[:len(p.funcs)-1]
	p.closeScope()
	p.expectEnd("end", "function", line)
}
