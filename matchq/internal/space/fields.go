package space

import (
	"fmt"
	"reflect"

	"github.com/matchq/matchq/lua"
)

// fields are those of a struct by their names in Lua, and which of them a header knows.
type fields struct {
	byName map[string]reflect.StructField
	taken  map[string]bool
}

func fieldsOf(t reflect.Type) (*fields, error) {
	f := &fields{byName: map[string]reflect.StructField{}, taken: map[string]bool{}}
	for field := range t.Fields() {
		name := field.Tag.Get("lua")
		if name == "" {
			return nil, fmt.Errorf("the field %s has no tag", field.Name)
		}
		f.byName[name] = field
	}
	return f, nil
}

func (f *fields) take(name string) (reflect.StructField, bool) {
	field, found := f.byName[name]
	f.taken[name] = true
	return field, found
}

// allTaken refuses fields that the script does not know.
func (f *fields) allTaken() error {
	for name := range f.byName {
		if !f.taken[name] {
			return fmt.Errorf("the script has no argument %s", name)
		}
	}
	return nil
}

// argument is the index of the field of an argument.
func (f *fields) argument(param lua.Param) (int, error) {
	field, found := f.take(param.Name)
	if !found {
		return 0, fmt.Errorf("there is no field for the argument %s", param.Name)
	}
	kind := field.Type.Kind()
	if kind == reflect.Pointer && field.Type.Elem().Kind() == reflect.Int64 {
		kind = reflect.Int64
	}
	if field.Type.PkgPath() != "" {
		return 0, fmt.Errorf("the driver does not know the type of the argument %s, %s", param.Name, field.Type)
	}
	number := kind == reflect.Int || kind == reflect.Int64
	fits := map[lua.Kind]bool{
		lua.Text:   kind == reflect.String || number, // for numbers that Lua mostly passes on as text
		lua.Number: number,
		lua.Flag:   kind == reflect.Bool,
	}
	if !fits[param.Kind] {
		return 0, fmt.Errorf("the argument %s can't be a %s", param.Name, field.Type)
	}
	return field.Index[0], nil
}
