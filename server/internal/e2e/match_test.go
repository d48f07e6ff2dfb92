package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// matcher compares decoded JSON with patterns, which are JSON too. In a pattern
// "*" is any value, and "$x" any value the first time and the same value from then on.
type matcher struct {
	captured map[string]any // by the names after "$"
	exact    bool           // objects have no other keys than the pattern's
	literal  bool           // strings of patterns have no special meaning
	ignored  []string       // keys to ignore
}

// diff returns how a value differs from a pattern, "" if it does not.
func (m *matcher) diff(pattern, value any) string {
	switch p := pattern.(type) {
	case string:
		if !m.literal {
			return m.diffString(p, value)
		}
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return fmt.Sprintf("%v is no object", value)
		}
		return m.diffObject(p, object)
	case []any:
		list, ok := value.([]any)
		if !ok {
			return fmt.Sprintf("%v is no list", value)
		}
		return m.diffList(p, list)
	}
	return unequal(pattern, value)
}

func unequal(want, got any) string {
	if want != got {
		return fmt.Sprintf("want %v, not %v", want, got)
	}
	return ""
}

func (m *matcher) diffString(pattern string, value any) string {
	name, captures := strings.CutPrefix(pattern, "$")
	if captures && m.captured[name] != nil {
		return unequal(m.captured[name], value)
	}
	if !captures && pattern != "*" {
		return unequal(pattern, value)
	}
	if value == nil {
		return pattern + " is missing"
	}
	if captures {
		m.captured[name] = value
	}
	return ""
}

func (m *matcher) diffObject(pattern, object map[string]any) string {
	named := slices.Clone(m.ignored)
	for name, item := range pattern {
		if slices.Contains(m.ignored, name) {
			continue
		}
		named = append(named, name)
		value, ok := object[name]
		if !ok && !m.exact && item == nil {
			continue
		}
		if !ok && m.exact {
			return name + " is missing"
		}
		if problem := m.diff(item, value); problem != "" {
			return name + ": " + problem
		}
	}
	for key := range object {
		if m.exact && !slices.Contains(named, key) {
			return key + " is no key of the pattern"
		}
	}
	return ""
}

func (m *matcher) diffList(pattern, list []any) string {
	if len(pattern) != len(list) {
		return fmt.Sprintf("%v is no list of %d", list, len(pattern))
	}
	for i, item := range pattern {
		if problem := m.diff(item, list[i]); problem != "" {
			return fmt.Sprint(i, ": ", problem)
		}
	}
	return ""
}

func decode(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}
