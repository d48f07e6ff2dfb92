package e2e_test

import "testing"

func TestMatcher(t *testing.T) {
	t.Parallel()
	exact, lenient := &matcher{exact: true}, &matcher{captured: map[string]any{"x": "1"}}
	same := &matcher{exact: true, literal: true, ignored: []string{"id"}}
	for _, c := range []struct {
		m              *matcher
		pattern, value string
		fits           bool
	}{
		{lenient, `{"a":1}`, `{"a":1,"b":2}`, true},
		{lenient, `{"a":1}`, `{"a":2}`, false},
		{lenient, `{"a":"*"}`, `{}`, false},
		{lenient, `{"a":"$x"}`, `{"a":"1"}`, true},
		{lenient, `{"a":"$x"}`, `{"a":"2"}`, false},
		{lenient, `{"a":"$y","b":"$y"}`, `{"a":3,"b":3}`, true},
		{lenient, `[1,2]`, `[1]`, false},
		{exact, `{"a":"*"}`, `{"a":1}`, true},
		{exact, `{"a":"*"}`, `{"a":1,"c":2}`, false},
		{exact, `{"a":"*"}`, `{}`, false},
		{exact, `"MATCHED"`, `"EXPIRED"`, false},
		{same, `{"id":1,"a":{"id":2,"b":"*"}}`, `{"id":3,"a":{"b":"*"}}`, true},
		{same, `{"a":"*"}`, `{"a":"x"}`, false},
		{same, `{"a":1}`, `{"a":1,"b":2}`, false},
	} {
		if problem := c.m.diff(decode(t, c.pattern), decode(t, c.value)); (problem == "") != c.fits {
			t.Errorf("%s and %s: %q", c.pattern, c.value, problem)
		}
	}
}
