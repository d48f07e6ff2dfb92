package lua

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// binding turns a header into Lua: locals for single parameters, and for each parameter of a group a macro, name[row],
// which becomes an index into KEYS or ARGV. Macros cost nothing at run time; closures and tables would.
type binding struct {
	header *Header
	lines  strings.Builder
	macros map[string]macro
	used   map[string]bool // macros that the code has
	shifts []string        // locals of macros, in order
}

// macro is how the parameter of a group is reached.
type macro struct {
	list   string // KEYS or ARGV
	shift  string // is added to the row's part of the index: a number, or the name of a local
	value  string // of that local, "" for a number
	stride int
	count  string // the name of the local that has the number of rows
	kind   Kind
}

// bind returns the code of a script with its header bound.
func bind(h *Header, code string) (string, error) {
	b := &binding{header: h, macros: map[string]macro{}, used: map[string]bool{}}
	if err := b.refuseCollisions(code); err != nil {
		return "", err
	}
	if err := b.lay(); err != nil {
		return "", err
	}
	code = b.expand(code)
	for _, name := range slices.Sorted(maps.Keys(b.macros)) {
		if !b.used[name] {
			return "", fmt.Errorf("lua: %s: the header names %s, which the code does not use", h.Script, name)
		}
	}
	for _, name := range b.shifts {
		if m := b.macros[name]; b.used[name] {
			fmt.Fprintf(&b.lines, "local %s = %s\n", m.shift, m.value)
		}
	}
	return b.lines.String() + b.guard() + code, nil
}

// lay writes the locals, and finds where each group begins.
func (b *binding) lay() error {
	h := b.header
	shifted := 0
	if h.Guarded {
		shifted = 1 // the configuration comes first
	}
	b.lines.WriteString("local call = redis.call\n")
	b.locals("KEYS", h.Keys.Once, 0)
	b.locals("ARGV", h.Args.Once, shifted)
	known := map[string]bool{}
	for _, group := range h.Rows() {
		known[group] = h.given(group)
	}
	keys, err := b.groups("KEYS", &h.Keys, 0, known)
	if err != nil {
		return err
	}
	args, err := b.groups("ARGV", &h.Args, shifted, known)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b.lines, "if #KEYS ~= %s or #ARGV ~= %s then\n", keys, args)
	fmt.Fprintf(&b.lines, "  return redis.error_reply(\"MATCHQ_BADARG %s: keys and arguments do not fit\")\nend\n", h.Script)
	return nil
}

// locals binds the parameters that come once.
func (b *binding) locals(list string, params []Param, shifted int) {
	if len(params) == 0 {
		return
	}
	names, values := make([]string, len(params)), make([]string, len(params))
	for i, param := range params {
		names[i], values[i] = param.Name, convert(param.Kind, fmt.Sprintf("%s[%d]", list, i+1+shifted))
	}
	fmt.Fprintf(&b.lines, "local %s =\n  %s\n", strings.Join(names, ", "), strings.Join(values, ", "))
}

func convert(kind Kind, value string) string {
	switch kind {
	case Number:
		return "tonumber(" + value + ")"
	case Flag:
		return "(" + value + ` == "1")`
	default:
		return value
	}
}

// groups finds the indices of groups, and returns how many values the list has. A number of rows that no argument
// gives follows from the length of the list.
func (b *binding) groups(list string, params *Params, shifted int, known map[string]bool) (string, error) {
	once := len(params.Once) + shifted
	terms, open := []string{strconv.Itoa(once)}, -1
	for i, group := range params.Groups {
		if known[group.Name] {
			terms = append(terms, product(len(group.Params), Counts(group.Name)))
		} else if open >= 0 {
			return "", fmt.Errorf("lua: %s: no argument says how many %s there are", b.header.Script, Counts(group.Name))
		} else {
			open = i
		}
	}
	if open >= 0 {
		group := params.Groups[open]
		fmt.Fprintf(&b.lines, "local %s = (#%s - %s) / %d\n",
			Counts(group.Name), list, strings.Join(terms, " - "), len(group.Params))
		known[group.Name] = true
	}
	base := []string{}
	for _, group := range params.Groups {
		b.group(list, &group, once, base)
		base = append(base, product(len(group.Params), Counts(group.Name)))
	}
	return strings.Join(append([]string{strconv.Itoa(once)}, base...), " + "), nil
}

// group makes the macros of a group that begins after some values that come once, and the groups of base.
func (b *binding) group(list string, group *Group, once int, base []string) {
	for i, param := range group.Params {
		m := macro{list: list, stride: len(group.Params), count: Counts(group.Name), kind: param.Kind}
		number, before := once+i+1-m.stride, base
		if group.ByColumn {
			m.stride, number = 1, once
			if i > 0 {
				before = append(slices.Clone(base), product(i, m.count))
			}
		}
		m.shift = strconv.Itoa(number)
		if len(before) > 0 {
			m.shift, m.value = "before_"+param.Name, strings.Join(append([]string{m.shift}, before...), " + ")
			b.shifts = append(b.shifts, param.Name)
		}
		b.macros[param.Name] = m
	}
}

func product(n int, count string) string {
	if n == 1 {
		return count
	}
	return strconv.Itoa(n) + " * " + count
}

// guard is the code that refuses another configuration, or another version of the rules, than the one in force.
func (b *binding) guard() string {
	field, status := "config", "config"
	if b.header.Ruled {
		field, status = "rules", "stale"
	} else if !b.header.Guarded {
		return ""
	}
	var code strings.Builder
	fmt.Fprintf(&code, "local guard = call(\"HMGET\", meta, \"%s\")\n", strings.Join(append([]string{field}, b.header.Guard...), `", "`))
	fmt.Fprintf(&code, "if guard[1] ~= ARGV[1] then\n  return { \"%s\", guard[1] or \"\" }\nend\n", status)
	for i, field := range b.header.Guard {
		fmt.Fprintf(&code, "local %s = guard[%d]\n", field, i+2)
	}
	return code.String()
}

// token is a piece of Lua that expand must look at: comments and strings stay as they are.
var token = regexp.MustCompile(`--[^\n]*|"(?:\\.|[^"\\\n])*"|all\((\w+)\)|\.?\b\w+\[?`)

// expand replaces the macros of a piece of code.
func (b *binding) expand(code string) string {
	var out strings.Builder
	for len(code) > 0 {
		at := token.FindStringSubmatchIndex(code)
		if at == nil {
			break
		}
		out.WriteString(code[:at[0]])
		word := code[at[0]:at[1]]
		code = code[at[1]:]
		if at[2] >= 0 {
			out.WriteString(b.all(word))
			continue
		}
		name, indexed := strings.CutSuffix(word, "[")
		m, found := b.macros[name]
		if !indexed || !found {
			out.WriteString(word)
			continue
		}
		index, rest := cutBracket(code)
		b.used[name] = true
		out.WriteString(m.at(b.expand(index)))
		code = rest
	}
	out.WriteString(code)
	return out.String()
}

// all is every value of a parameter, for a call.
func (b *binding) all(word string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(word, "all("), ")")
	m, found := b.macros[name]
	if !found || m.stride != 1 {
		return word
	}
	b.used[name] = true
	return fmt.Sprintf("unpack(%s, %s + 1, %s + %s)", m.list, m.shift, m.shift, m.count)
}

var simple = regexp.MustCompile(`^\w+$`)

// at is the value of a row.
func (m *macro) at(row string) string {
	if !simple.MatchString(row) {
		row = "(" + row + ")"
	}
	if m.stride > 1 {
		row = fmt.Sprintf("%d * %s", m.stride, row)
	}
	index := m.shift + " + " + row
	switch {
	case m.shift == "0":
		index = row
	case strings.HasPrefix(m.shift, "-"):
		index = row + " - " + m.shift[1:]
	}
	return convert(m.kind, m.list+"["+index+"]")
}

// cutBracket cuts code at the bracket that closes.
func cutBracket(code string) (inside, rest string) {
	depth := 1
	for i, c := range code {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			return code[:i], code[i+1:]
		}
	}
	return code, ""
}

var (
	localNames = regexp.MustCompile(`\blocal\s+(?:function\s+)?([\w, \t]+)`)
	loopNames  = regexp.MustCompile(`\bfor\s+([\w, \t]+?)\s*(?:=|\bin\b)`)
	paramNames = regexp.MustCompile(`\bfunction\b[^(\n]*\(([^)]*)\)`)
	direct     = regexp.MustCompile(`\b(KEYS|ARGV)\b`)
	unseen     = regexp.MustCompile(`'|\[\[|\[=`) // quotes and comments that token does not know
	prose      = regexp.MustCompile(`--[^\n]*|"(?:\\.|[^"\\\n])*"`)
)

// refuseCollisions refuses code that gives a name of the header another meaning, or goes round it.
func (b *binding) refuseCollisions(code string) error {
	code = prose.ReplaceAllString(code, `""`)
	if found := direct.FindString(code); found != "" {
		return fmt.Errorf("lua: %s: the code uses %s: name its keys and arguments in the header", b.header.Script, found)
	}
	if found := unseen.FindString(code); found != "" {
		return fmt.Errorf("lua: %s: strings are written in \"…\", and comments after --, not with %s", b.header.Script, found)
	}
	taken := append(b.header.names(), "call", "all", "config", "guard")
	for _, group := range b.header.Rows() {
		taken = append(taken, Counts(group))
	}
	for _, pattern := range []*regexp.Regexp{localNames, loopNames, paramNames} {
		for _, found := range pattern.FindAllStringSubmatch(code, -1) {
			for name := range strings.FieldsFuncSeq(found[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
				if slices.Contains(taken, name) {
					return fmt.Errorf("lua: %s: the code gives %s, a name of the header, another meaning", b.header.Script, name)
				}
			}
		}
	}
	return nil
}
