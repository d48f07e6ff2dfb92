package main

import (
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"
)

// field is a row of a table: a parameter, a header, or a key of an object.
type field struct {
	Name, In string
	Type     template.HTML
	Required bool
	Text     template.HTML
}

// fields returns the keys of an object's schema. Those of objects within follow them, as "players[].player".
func (s *spec) fields(schema any, prefix string) []field {
	var all []field
	required := s.list(schema, "required")
	s.each(s.at(schema, "properties"), func(name string, property any) {
		all = append(all, field{
			Name: prefix + name, Type: s.typeOf(property), Text: prose(s.text(own(property, "description"))),
			Required: slices.Contains(required, any(name)),
		})
		if own(property, "$ref") == nil {
			all = append(all, s.inner(property, prefix+name)...)
		}
	})
	for _, part := range slices.Concat(s.list(schema, "allOf"), s.list(schema, "oneOf")) {
		if own(part, "$ref") == nil {
			all = append(all, s.fields(part, prefix)...)
		}
	}
	return all
}

// inner returns the fields of an object within another, or of the objects in its list.
func (s *spec) inner(schema any, name string) []field {
	if items := own(schema, "items"); items != nil {
		if own(items, "$ref") != nil {
			return nil
		}
		return s.inner(items, name+"[]")
	}
	return s.fields(schema, name+".")
}

// typeOf describes the values of a schema in a few words.
func (s *spec) typeOf(schema any) template.HTML {
	if ref, ok := own(schema, "$ref").(string); ok && strings.HasPrefix(ref, schemaRefs) {
		name := strings.TrimPrefix(ref, schemaRefs)
		return template.HTML(`<a href="#` + esc(s.idOf(name)) + `">` + esc(name) + `</a>`) //nolint:gosec // escaped
	}
	schema = s.at(schema)
	for _, join := range []struct{ key, word string }{{"oneOf", " or "}, {"anyOf", " or "}, {"allOf", " and "}} {
		if parts := s.list(schema, join.key); len(parts) > 0 {
			return s.joined(parts, join.word)
		}
	}
	if value := own(schema, "const"); value != nil {
		return code(compact(value))
	}
	if values := s.list(schema, "enum"); len(values) > 0 {
		var parts []string
		for _, value := range values {
			parts = append(parts, string(code(compact(value))))
		}
		return template.HTML(strings.Join(parts, " or ")) //nolint:gosec // escaped
	}
	if items := own(schema, "items"); items != nil {
		return "list of " + s.typeOf(items)
	}
	return template.HTML(esc(s.basic(schema))) //nolint:gosec // escaped
}

// idOf is where a schema stands on the page: the data of an event stand with it.
func (s *spec) idOf(name string) string {
	if s.ofEvent(name) {
		return "event-" + name
	}
	return s.types + name
}

// ofEvent reports whether a schema is that of an event of the same name.
func (s *spec) ofEvent(name string) bool {
	return own(s.at(s.root, "components", "messages"), name) != nil
}

func (s *spec) joined(parts []any, word string) template.HTML {
	var types []string
	for _, part := range parts {
		if kind := string(s.typeOf(part)); !slices.Contains(types, kind) {
			types = append(types, kind)
		}
	}
	return template.HTML(strings.Join(types, word)) //nolint:gosec // of escaped parts
}

// basic is a type with its limits.
func (s *spec) basic(schema any) string {
	kind := s.text(schema, "type")
	if types := s.list(schema, "type"); len(types) > 0 {
		var names []string
		for _, name := range types {
			names = append(names, fmt.Sprint(name))
		}
		kind = strings.Join(names, " or ")
	}
	switch {
	case kind == "" && own(schema, "properties") != nil:
		kind = "object"
	case kind == "":
		kind = "any JSON"
	}
	var limits strings.Builder
	for _, limit := range []struct{ key, form string }{
		{"format", ", %s"},
		{"minimum", ", at least %s"},
		{"maximum", ", at most %s"},
		{"minLength", ", at least %s long"},
		{"maxLength", ", at most %s long"},
		{"minItems", ", at least %s of them"},
		{"maxItems", ", at most %s of them"},
		{"pattern", ", as %s"},
		{"default", ", else %s"},
	} {
		if value := s.text(schema, limit.key); value != "" {
			fmt.Fprintf(&limits, limit.form, value)
		}
	}
	return kind + limits.String()
}

// sample makes a value that a schema takes, of its required keys.
func (s *spec) sample(schema any) any {
	schema = s.at(schema)
	if value := own(schema, "const"); value != nil {
		return value
	}
	for _, key := range []string{"enum", "examples", "oneOf", "anyOf"} {
		if values := s.list(schema, key); len(values) > 0 {
			if key == "enum" || key == "examples" {
				return values[0]
			}
			return s.sample(values[0])
		}
	}
	if items := own(schema, "items"); items != nil {
		return []any{s.sample(items)}
	}
	switch s.text(schema, "type") {
	case "string":
		return "…"
	case "integer", "number":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	}
	object := yaml.MapSlice{}
	required := s.list(schema, "required")
	s.each(s.at(schema, "properties"), func(name string, property any) {
		if slices.Contains(required, any(name)) {
			object = append(object, yaml.MapItem{Key: name, Value: s.sample(property)})
		}
	})
	return object
}

var (
	bold   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	quoted = regexp.MustCompile("`([^`]+)`")
	gap    = regexp.MustCompile(`\n\s*\n`)
)

// prose is a text of a document, which has paragraphs, **bold** and `code`.
func prose(text string) template.HTML {
	if text == "" {
		return ""
	}
	var out strings.Builder
	for _, paragraph := range gap.Split(strings.TrimSpace(text), -1) {
		marked := quoted.ReplaceAllString(bold.ReplaceAllString(esc(paragraph), "<strong>$1</strong>"), "<code>$1</code>")
		out.WriteString("<p>" + marked + "</p>")
	}
	return template.HTML(out.String()) //nolint:gosec // escaped
}

func esc(text string) string { return template.HTMLEscapeString(text) }

func code(text string) template.HTML {
	return template.HTML("<code>" + esc(text) + "</code>") //nolint:gosec // escaped
}
