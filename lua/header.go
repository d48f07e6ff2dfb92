package lua

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Header is the interface of a script: the comment at its top. It is the only place that orders the
// script's keys and arguments.
//
//	-- enqueue: put tickets at the end of their waiting lists. WRITES. O(tickets). Safe to repeat: …
//	-- WHEN FULL goes on                     a Redis that is full takes the script's writes all the same
//	-- GUARDED paused                        the script refuses a configuration other than meta's; paused is read with it
//	-- RULED paused                          the same of the version of the rules, which is its first argument, version
//	-- KEYS meta tickets                     one name a key
//	-- KEYS for each run: waiting            as often as there are runs
//	-- ARGV #interval_ms ?is_new reason      # marks a number, ? a flag
//	-- ARGV for each run: queue phase_ms     queue, phase_ms, queue, phase_ms, …
//	-- ARGV for each row by column: id body  all ids, then all bodies
//	-- RETURN …
//
// A guarded script returns {"config", stored} if the configuration is another one, a ruled one {"stale", version} if other
// rules are in force, and else a list that begins with "ok". Text in parentheses is for readers. A script has as many runs as the number argument #runs says; one group may go
// without, and has as many rows as there are keys or arguments left.
type Header struct {
	Script  string // the path of its file below lua, without ".lua"
	Writes  bool
	GoesOn  bool // when Redis is full
	Guarded bool
	Ruled   bool
	Guard   []string // fields of meta that are read with the configuration or the version
	Keys    Params
	Args    Params
}

// Params are the keys, or the arguments, of a script, in order: those that come once, then the groups.
type Params struct {
	Once   []Param
	Groups []Group
}

// Group is a set of parameters that comes once for each row.
type Group struct {
	Name     string // of a row, in the singular
	ByColumn bool   // all values of the first parameter come first
	Params   []Param
}

// Kind is the type of an argument in Lua.
type Kind byte

// A parameter without a mark is a Text.
const (
	Text   Kind = 0
	Number Kind = '#'
	Flag   Kind = '?' // "1" is true
)

// Param is a key or an argument.
type Param struct {
	Name string
	Kind Kind
}

var (
	titleLine = regexp.MustCompile(`^-- (\w+): .*\. (READS|WRITES)\. O\(.+\)\.( Safe to repeat.*\.)?$`)
	remark    = regexp.MustCompile(`\([^()]*\)`)
	groupLine = regexp.MustCompile(`^for each (\w+)( by column)?: (.+)$`)
	paramName = regexp.MustCompile(`^([#?]?)([a-z][a-z0-9_]*)$`)
)

// parseHeader reads the header of a script's source, and returns the rest of it too.
func parseHeader(script, source string) (*Header, string, error) {
	head, code, found := strings.Cut(source, "\n\n")
	if !found {
		return nil, "", fmt.Errorf("lua: %s: a script is a header, an empty line and code", script)
	}
	lines := strings.Split(head, "\n")
	title := titleLine.FindStringSubmatch(lines[0])
	if title == nil || title[1] != path.Base(script) {
		return nil, "", fmt.Errorf("lua: %s: the first line must be \"-- %s: purpose. READS or WRITES. O(cost). Safe to repeat…\"",
			script, path.Base(script))
	}
	h := &Header{Script: script, Writes: title[2] == "WRITES"}
	if h.Writes && title[3] == "" {
		return nil, "", fmt.Errorf("lua: %s: a script that writes must say why it is safe to repeat", script)
	}
	returns := false
	for _, line := range lines[1:] {
		if err := h.parseLine(line, &returns); err != nil {
			return nil, "", fmt.Errorf("lua: %s: %w", script, err)
		}
	}
	if !returns {
		return nil, "", fmt.Errorf("lua: %s: the header has no line RETURN", script)
	}
	return h, code, h.check()
}

// parseLine reads a line of the header. What follows RETURN is prose.
func (h *Header) parseLine(line string, returns *bool) error {
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "-- "), " ")
	switch {
	case *returns:
		return nil
	case word == "WHEN" && rest == "FULL goes on":
		h.GoesOn = true
		return nil
	case word == "GUARDED":
		h.Guarded, h.Guard = true, strings.Fields(rest)
		return nil
	case word == "RULED":
		h.Ruled, h.Guard = true, strings.Fields(rest)
		h.Args.Once = []Param{{Name: "version"}}
		return nil
	case word == "KEYS":
		return h.Keys.parse(rest)
	case word == "ARGV":
		return h.Args.parse(rest)
	case word == "RETURN":
		*returns = true
		return nil
	}
	return fmt.Errorf("the header has a line that is none of WHEN FULL goes on, GUARDED, RULED, KEYS, ARGV and RETURN: %q", line)
}

func (p *Params) parse(text string) error {
	text = strings.TrimSpace(remark.ReplaceAllString(text, ""))
	group := groupLine.FindStringSubmatch(text)
	into := &p.Once
	switch {
	case group != nil:
		p.Groups = append(p.Groups, Group{Name: group[1], ByColumn: group[2] != ""})
		into, text = &p.Groups[len(p.Groups)-1].Params, group[3]
	case len(p.Groups) > 0:
		return fmt.Errorf("%q must come before the groups", text)
	}
	for word := range strings.FieldsSeq(text) {
		found := paramName.FindStringSubmatch(word)
		if found == nil {
			return fmt.Errorf("%q is no name of a key or an argument", word)
		}
		param := Param{Name: found[2]}
		if found[1] != "" {
			param.Kind = Kind(found[1][0])
		}
		*into = append(*into, param)
	}
	return nil
}

// check refuses headers that can't be bound.
func (h *Header) check() error {
	names := h.names()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("lua: %s: the header names %s twice", h.Script, name)
		}
	}
	if (h.Guarded || h.Ruled) && !slices.Contains(h.Keys.Once, Param{Name: "meta"}) {
		return fmt.Errorf("lua: %s: a guarded script needs the key meta", h.Script)
	}
	if h.Guarded && h.Ruled {
		return fmt.Errorf("lua: %s: the rules in force imply the configuration: say RULED alone", h.Script)
	}
	if h.GoesOn && !(h.Writes && slices.Contains(h.Keys.Once, Param{Name: "meta"})) {
		return fmt.Errorf("lua: %s: only a script that writes and has the key meta can go on when Redis is full", h.Script)
	}
	return nil
}

// names are all names that the header gives to keys, arguments and fields of meta.
func (h *Header) names() []string {
	names := slices.Clone(h.Guard)
	for _, params := range []*Params{&h.Keys, &h.Args} {
		for _, param := range params.Once {
			names = append(names, param.Name)
		}
		for _, group := range params.Groups {
			for _, param := range group.Params {
				names = append(names, param.Name)
			}
		}
	}
	return names
}

// Rows are the names of the groups, without those that both keys and arguments have, in order.
func (h *Header) Rows() []string {
	var rows []string
	for _, groups := range [][]Group{h.Keys.Groups, h.Args.Groups} {
		for _, group := range groups {
			if !slices.Contains(rows, group.Name) {
				rows = append(rows, group.Name)
			}
		}
	}
	return rows
}

// Counts is the name of the argument that says how many rows a group has.
func Counts(group string) string { return group + "s" }

// given says whether an argument tells how many rows a group has.
func (h *Header) given(group string) bool {
	return slices.ContainsFunc(h.Args.Once, func(p Param) bool { return p.Name == Counts(group) })
}
