package space

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/matchq/matchq/lua"
)

// layout says how the fields of a struct become the keys and arguments of a script.
type layout struct {
	guarded bool
	ruled   bool
	keys    []key
	args    []argument
	groups  []group // those with keys first, in their order
	argued  []int   // the groups with arguments, in their order
}

// key is a key that comes once: number index of onceNames, or begin and the text of a field.
type key struct {
	index int // -1 if it has a begin
	begin string
	field int
}

// argument is an argument that comes once: a field, or the number of rows of a group.
type argument struct {
	field  int
	counts bool
}

// group is a slice of rows.
type group struct {
	field    int
	keys     []key // with begin and field of the row
	args     []int // fields of the row
	byColumn bool
}

// newLayout compares a script's header with the fields of A.
func newLayout[A any](script string) (layout, error) {
	header, err := lua.HeaderOf(script)
	if err != nil {
		return layout{}, err
	}
	l := layout{guarded: header.Guarded, ruled: header.Ruled}
	fields, err := fieldsOf(reflect.TypeFor[A]())
	if err != nil {
		return l, err
	}
	for _, name := range header.Rows() {
		field, found := fields.take(name)
		if !found || field.Type.Kind() != reflect.Slice {
			return l, fmt.Errorf("there is no slice of structs for the group %s", name)
		}
		g, err := newGroup(header, name, field)
		if err != nil {
			return l, err
		}
		l.groups = append(l.groups, g)
	}
	for _, g := range header.Args.Groups {
		l.argued = append(l.argued, slices.Index(header.Rows(), g.Name))
	}
	for _, param := range header.Keys.Once {
		k, err := newKey(param.Name, fields)
		if err != nil {
			return l, err
		}
		l.keys = append(l.keys, k)
	}
	for _, param := range header.Args.Once {
		i := slices.IndexFunc(header.Rows(), func(row string) bool { return lua.Counts(row) == param.Name })
		if i >= 0 {
			l.args = append(l.args, argument{field: l.groups[i].field, counts: true})
			continue
		}
		field, err := fields.argument(param)
		if err != nil {
			return l, err
		}
		l.args = append(l.args, argument{field: field})
	}
	return l, fields.allTaken()
}

// newGroup compares a group of a header with the fields of a row.
func newGroup(header *lua.Header, name string, field reflect.StructField) (group, error) {
	g := group{field: field.Index[0]}
	fields, err := fieldsOf(field.Type.Elem())
	if err != nil {
		return g, err
	}
	for _, keys := range header.Keys.Groups {
		for _, param := range keys.Params {
			if keys.Name != name {
				continue
			}
			k, err := newKey(param.Name, fields)
			if err != nil {
				return g, err
			}
			g.keys = append(g.keys, k)
		}
	}
	for _, args := range header.Args.Groups {
		for _, param := range args.Params {
			if args.Name != name {
				continue
			}
			field, err := fields.argument(param)
			if err != nil {
				return g, err
			}
			g.args, g.byColumn = append(g.args, field), args.ByColumn
		}
	}
	return g, fields.allTaken()
}

// newKey finds the name of a key.
func newKey(name string, fields *fields) (key, error) {
	if i := slices.Index(onceNames, name); i >= 0 {
		return key{index: i}, nil
	}
	of, known := many[name]
	if !known {
		return key{}, fmt.Errorf("no key is called %s", name)
	}
	field, found := fields.take(of.argument)
	if !found {
		return key{}, fmt.Errorf("there is no field %s, from which the key %s follows", of.argument, name)
	}
	return key{index: -1, begin: of.begin, field: field.Index[0]}, nil
}

// head is how many words come before the keys in a call of a script: the command, the script, and the number of keys.
const head = 3

// lay turns a struct of arguments, by a pointer to it, into the words of a call; the first two are left to the caller.
// Words are mostly pointers into the struct: the driver takes them, and nothing is copied.
func (l *layout) lay(in *Space, of any) []any {
	v := reflect.ValueOf(of).Elem()
	keys, args := l.size(v)
	call := make([]any, head, head+keys+args)
	call[head-1] = keys
	for _, k := range l.keys {
		if k.index >= 0 {
			call = append(call, &in.once[k.index])
		} else {
			call = append(call, k.name(in, v))
		}
	}
	for _, g := range l.groups {
		call = g.layKeys(in, v.Field(g.field), call)
	}
	if l.guarded {
		call = append(call, &in.guard.Fingerprint)
	}
	for _, a := range l.args {
		if a.counts {
			call = append(call, v.Field(a.field).Len())
		} else {
			call = append(call, word(v.Field(a.field)))
		}
	}
	for _, i := range l.argued {
		call = l.groups[i].layArgs(v.Field(l.groups[i].field), call)
	}
	return call
}

// size counts the keys and arguments.
func (l *layout) size(v reflect.Value) (keys, args int) {
	keys, args = len(l.keys), len(l.args)
	if l.guarded {
		args++
	}
	for _, g := range l.groups {
		rows := v.Field(g.field).Len()
		keys += rows * len(g.keys)
		args += rows * len(g.args)
	}
	return keys, args
}

func (g *group) layKeys(in *Space, rows reflect.Value, call []any) []any {
	for row := range rows.Len() {
		for _, k := range g.keys {
			call = append(call, k.name(in, rows.Index(row)))
		}
	}
	return call
}

func (g *group) layArgs(rows reflect.Value, call []any) []any {
	n := rows.Len()
	if g.byColumn {
		for _, field := range g.args {
			for row := range n {
				call = append(call, word(rows.Index(row).Field(field)))
			}
		}
		return call
	}
	for row := range n {
		for _, field := range g.args {
			call = append(call, word(rows.Index(row).Field(field)))
		}
	}
	return call
}

// name is the name of a key that belongs to a row.
func (k *key) name(in *Space, v reflect.Value) string {
	return in.prefix + k.begin + v.Field(k.field).String()
}

// word is a field as the driver takes it.
func word(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return 1
		}
		return 0
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return v.Interface()
	default:
		return v.Addr().Interface()
	}
}
