package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v2"
)

// A spec is an OpenAPI or AsyncAPI document, its keys in their order.
type spec struct {
	root  yaml.MapSlice
	types string // the prefix of links to its schemas
}

// schemaRefs is how a document names its schemas.
const schemaRefs = "#/components/schemas/"

func readSpec(path, types string) (*spec, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, err
	}
	s := &spec{types: types}
	if err := yaml.Unmarshal(text, &s.root); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// at returns the value below keys, and follows references; nil if there is none.
func (s *spec) at(value any, keys ...string) any {
	value = s.follow(value)
	for _, key := range keys {
		value = s.follow(own(value, key))
	}
	return value
}

// text is at for texts; a value of another type is as JSON writes it.
func (s *spec) text(value any, keys ...string) string {
	switch found := s.at(value, keys...).(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(found)
	default:
		return compact(found)
	}
}

// each calls f for each pair of a map, in order.
func (s *spec) each(value any, f func(key string, value any)) {
	pairs, _ := s.at(value).(yaml.MapSlice)
	for _, pair := range pairs {
		f(fmt.Sprint(pair.Key), pair.Value)
	}
}

// list returns the elements of a list.
func (s *spec) list(value any, keys ...string) []any {
	found, _ := s.at(value, keys...).([]any)
	return found
}

// follow replaces a reference by its target. Its other keys go first: they are about this use.
func (s *spec) follow(value any) any {
	ref, ok := own(value, "$ref").(string)
	if !ok {
		return value
	}
	var found any = s.root
	for key := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		found = own(s.follow(found), key)
	}
	found = s.follow(found)
	more, _ := value.(yaml.MapSlice)
	if base, ok := found.(yaml.MapSlice); ok && len(more) > 1 {
		return append(append(yaml.MapSlice{}, more[1:]...), base...)
	}
	return found
}

// own returns the value of a map's key, without following references.
func own(value any, key string) any {
	pairs, _ := value.(yaml.MapSlice)
	for _, pair := range pairs {
		if fmt.Sprint(pair.Key) == key {
			return pair.Value
		}
	}
	return nil
}

// compact is a value as JSON, its keys in their order.
func compact(value any) string {
	switch v := value.(type) {
	case yaml.MapSlice:
		parts := make([]string, len(v))
		for i, pair := range v {
			parts[i] = compact(fmt.Sprint(pair.Key)) + ": " + compact(pair.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, element := range v {
			parts[i] = compact(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		var out strings.Builder
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			return fmt.Sprint(v)
		}
		return strings.TrimSpace(out.String())
	}
}

// widest is the most characters of an example on one line.
const widest = 76

// spread is a value as JSON for people: what does not fit on a line is indented.
func spread(value any, indent string) string {
	if text, ok := value.(string); ok && strings.Contains(text, "\n") {
		return strings.TrimSpace(text) // a stream, as it is
	}
	short := compact(value)
	if len(indent)+len(short) <= widest {
		return short
	}
	inner := indent + "  "
	var parts []string
	switch v := value.(type) {
	case yaml.MapSlice:
		for _, pair := range v {
			parts = append(parts, inner+compact(fmt.Sprint(pair.Key))+": "+spread(pair.Value, inner))
		}
		return "{\n" + strings.Join(parts, ",\n") + "\n" + indent + "}"
	case []any:
		for _, element := range v {
			parts = append(parts, inner+spread(element, inner))
		}
		return "[\n" + strings.Join(parts, ",\n") + "\n" + indent + "]"
	default:
		return short
	}
}
