package etags

import (
	"errors"
	"testing"
)

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		lines             []string
		any, strong, weak bool // strong and weak: whether it lists the tag 1.a
	}{
		{lines: nil},
		{lines: []string{"*"}, any: true},
		{lines: []string{" \t* "}, any: true},
		{lines: []string{`"1.a"`}, strong: true, weak: true},
		{lines: []string{` "1.a" `}, strong: true, weak: true},
		{lines: []string{`1.a`}, strong: true, weak: true},
		{lines: []string{`W/"1.a"`}, weak: true},
		{lines: []string{`"1.b"`}},
		{lines: []string{`"1.A"`}},
		{lines: []string{`"*"`}},
		{lines: []string{`"0","1.a"`}, strong: true, weak: true},
		{lines: []string{`"0" , W/"1.a"`}, weak: true},
		{lines: []string{`"0"`, `"1.a"`}, strong: true, weak: true},
		{lines: []string{`"0,1.a"`}}, // one tag with a comma
		{lines: []string{`,"1.a",,`}, strong: true, weak: true},
	} {
		got, err := Parse(c.lines)
		if err != nil || got.IsAny() != c.any || got.HasStrong("1.a") != c.strong || got.HasWeak("1.a") != c.weak {
			t.Errorf("%q: %+v, %v", c.lines, got, err)
		}
	}
	for _, wrong := range []string{
		"", " ", ",", `""`, `W/""`, `"`, `"1.a`, `1.a"`, `W/1.a`, `w/"1.a"`, `"1.a""1.b"`, `"1.a" "1.b"`, `1.a 1.b`, `*, "1.a"`, `"1.a", *`, `**`, `"1 .a"`, "\"1\t\"",
	} {
		if got, err := Parse([]string{wrong}); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %+v, %v", wrong, got, err)
		}
	}
	if _, err := Parse([]string{`"1.a"`, "*"}); !errors.Is(err, ErrSyntax) {
		t.Errorf("a list with *: %v", err)
	}
}

// FuzzConditions sees that Parse returns whatever a header has, and that what it reads means the same again.
func FuzzConditions(f *testing.F) {
	for _, seed := range []string{"*", `"1.a"`, `W/"1.a", "b"`, `,,`, `1.a`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := Parse([]string{line})
		if err != nil {
			return
		}
		for _, one := range c.tags {
			again, err := Parse([]string{`"` + one.value + `"`})
			if err != nil || !again.HasStrong(one.value) || !c.HasWeak(one.value) {
				t.Errorf("%q: the tag %q: %v", line, one.value, err)
			}
		}
	})
}
