package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"
)

// JSON from outside is decoded more strictly than encoding/json does: no duplicate keys, no keys in another case, no
// invalid UTF-8, no trailing data. Errors are written for the author of the JSON.

// DecodeStrict decodes an object into a struct and refuses unknown keys.
func DecodeStrict(data []byte, into any) error {
	unknown, err := read(data, into)
	if err == nil && len(unknown) > 0 {
		return fmt.Errorf("unknown key %q", unknown[0])
	}
	return err
}

// DecodeLenient decodes an object into a struct and ignores unknown keys, which old clients send.
func DecodeLenient(data []byte, into any) error {
	_, err := read(data, into)
	return err
}

// read sets the fields that have a json tag and returns the unknown keys. null is like no key.
func read(data []byte, into any) (unknown []string, err error) {
	values, err := object(data)
	if err != nil {
		return nil, err
	}
	target := reflect.ValueOf(into).Elem()
	for i := range target.NumField() {
		name := target.Type().Field(i).Tag.Get("json")
		value, ok := values[name]
		delete(values, name)
		if !ok || string(value) == "null" {
			continue
		}
		if err := json.Unmarshal(value, target.Field(i).Addr().Interface()); err != nil {
			return nil, fmt.Errorf("%s %s", name, problem(err))
		}
	}
	return slices.Sorted(maps.Keys(values)), nil
}

// object splits a JSON object into its values.
func object(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil {
		return nil, notJSON(err)
	} else if t != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	values := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		key, _ := t.(string) // the decoder accepts no other keys
		if _, ok := values[key]; ok {
			return nil, fmt.Errorf("duplicate key %q", key)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, notJSON(err)
		}
		values[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("trailing data after the JSON object")
	}
	return values, nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: unexpected end")
	}
	return fmt.Errorf("not JSON: %w", err)
}

// problem describes a wrong value.
func problem(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	switch wrong.Type.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Float64:
		return "must be a number"
	case reflect.Int64, reflect.Int:
		return "must be an integer"
	case reflect.Slice:
		return "must be an array"
	default:
		return "has the wrong type"
	}
}
