package testkit

import (
	"strings"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Reply makes a script's reply of bytes, so that a fuzzer can write one: i and a byte make a number, s a string up to the
// next NUL, l a list up to the next e, n nil, d a double; all else is skipped.
func Reply(script string, data []byte) *space.Reply { return space.NewReply(script, Values(data)...) }

// Values are the values of Reply.
func Values(data []byte) []any {
	made, _ := list(data, 0)
	return made
}

// maxDepth is how deep lists may be nested.
const maxDepth = 4

func list(data []byte, depth int) (made []any, rest []byte) {
	for len(data) > 0 {
		letter := data[0]
		data = data[1:]
		switch letter {
		case 'i':
			if len(data) > 0 {
				made, data = append(made, int64(int8(data[0]))), data[1:]
			}
		case 's':
			text, after, _ := strings.Cut(string(data), "\x00")
			made, data = append(made, text), []byte(after)
		case 'l':
			if depth < maxDepth {
				var inner []any
				inner, data = list(data, depth+1)
				made = append(made, inner)
			}
		case 'e':
			if depth > 0 {
				return made, data
			}
		case 'n':
			made = append(made, nil)
		case 'd':
			made = append(made, 0.5)
		}
	}
	return made, nil
}
