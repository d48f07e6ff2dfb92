// Package etags reads the conditions that a request puts on entity tags, as RFC 9110 defines them in sections 8.8.3,
// 13.1.1 and 13.1.2.
package etags

import (
	"errors"
	"strings"
)

// Condition is the value of an If-Match or an If-None-Match header: * or a list of tags. A nil one was not sent.
type Condition struct {
	any  bool
	tags []tag
}

type tag struct {
	weak  bool
	value string
}

// ErrSyntax says that a header is none of what Parse reads.
var ErrSyntax = errors.New(`must be * or entity tags with commas between, each in double quotes and not empty: "2.a1b2c3"`)

// Parse reads the lines of a header; none are no condition. A tag without quotes counts as a strong one, since people leave
// them out. An empty tag is refused: a client that has lost its tag must not be taken for one without a condition.
func Parse(lines []string) (*Condition, error) {
	if len(lines) == 0 {
		return nil, nil //nolint:nilnil // no condition is no fault
	}
	rest := strings.Join(lines, ",")
	if strings.Trim(rest, " \t") == "*" {
		return &Condition{any: true}, nil
	}
	c := &Condition{}
	for {
		rest = strings.TrimLeft(rest, " \t,") // a list may have empty elements
		if rest == "" {
			break
		}
		var one tag
		var ok bool
		if one, rest, ok = next(rest); !ok {
			return nil, ErrSyntax
		}
		c.tags = append(c.tags, one)
	}
	if len(c.tags) == 0 {
		return nil, ErrSyntax
	}
	return c, nil
}

// next reads a tag, and the space behind it up to the comma or the end.
func next(text string) (one tag, rest string, ok bool) {
	text, one.weak = strings.CutPrefix(text, "W/")
	if quoted, is := strings.CutPrefix(text, `"`); is {
		one.value, rest, ok = strings.Cut(quoted, `"`)
	} else {
		end := strings.IndexAny(text+",", " \t,")
		one.value, rest = text[:end], text[end:]
		ok = !one.weak && !strings.Contains(one.value, "*")
	}
	rest = strings.TrimLeft(rest, " \t")
	return one, rest, ok && isTag(one.value) && (rest == "" || rest[0] == ',')
}

func isTag(value string) bool {
	return value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
}

// IsAny says whether the condition is *.
func (c *Condition) IsAny() bool { return c != nil && c.any }

// HasStrong says whether the condition lists a tag, whose value is without quotes, as If-Match compares: weak tags never match.
func (c *Condition) HasStrong(value string) bool { return c.has(value, false) }

// HasWeak says whether the condition lists a tag as If-None-Match compares: weak tags match too.
func (c *Condition) HasWeak(value string) bool { return c.has(value, true) }

// Single returns the value of the only tag of the condition, if that is a strong one.
func (c *Condition) Single() (value string, ok bool) {
	if c.any || len(c.tags) != 1 || c.tags[0].weak {
		return "", false
	}
	return c.tags[0].value, true
}

// OnlyWeak says whether no tag of the condition can match as If-Match compares.
func (c *Condition) OnlyWeak() bool {
	for _, one := range c.tags {
		if !one.weak {
			return false
		}
	}
	return !c.any
}

func (c *Condition) has(value string, weak bool) bool {
	if c == nil {
		return false
	}
	for _, one := range c.tags {
		if one.value == value && (weak || !one.weak) {
			return true
		}
	}
	return false
}
