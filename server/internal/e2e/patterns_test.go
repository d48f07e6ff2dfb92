package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// match says how a value differs from a pattern, "" if it does not.
func (st *stage) match(pattern, value any) string {
	switch p := pattern.(type) {
	case string:
		name, ok := strings.CutPrefix(p, "$")
		if p == "*" || ok && st.values[name] == nil {
			if value == nil {
				return p + " is missing"
			}
			if ok {
				st.values[name] = value
			}
			return ""
		}
		if ok {
			pattern = st.values[name]
		}
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return fmt.Sprintf("%v is no object", value)
		}
		for key, item := range p {
			if problem := st.match(item, object[key]); problem != "" {
				return key + ": " + problem
			}
		}
		return ""
	case []any:
		list, ok := value.([]any)
		if !ok || len(list) != len(p) {
			return fmt.Sprintf("%v is no list of %d", value, len(p))
		}
		for i, item := range p {
			if problem := st.match(item, list[i]); problem != "" {
				return fmt.Sprint(i, ": ", problem)
			}
		}
		return ""
	}
	if pattern != value {
		return fmt.Sprintf("want %v, not %v", pattern, value)
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
