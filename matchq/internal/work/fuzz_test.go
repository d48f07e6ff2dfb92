package work

import (
	"testing"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/testkit"
)

// FuzzReplies sees that no reply of a script ends the process, and that the read values are within bounds.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		"snone\x00", "sthere\x00s1-1\x00i1i0i0i5", "sthere\x00i3s250\x00s1-1\x00li1eesid\x00i1stext\x00e",
		"sthere\x00i3s\x00s1-1\x00lelsid\x00i1skind\nmatched\x00e",
		"i9ls99\x00s matched \x00s1\x00s2\x00s3\x00s4\x00s5\x00i1i2i3i4e", "sthere\x00i1sid\x00s1\x00s2\x00swhy\x00stext\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if x, err := decodeExchanged(testkit.Reply("match/work", data), 3); err == nil {
			for _, lost := range x.lost {
				if lost < 0 || lost > 2 {
					t.Errorf("row %d of 3", lost)
				}
			}
		}
		if f, err := decodeFilled(testkit.Reply("match/fill", data)); err == nil && !f.exists && f.position != "" {
			t.Errorf("no group, at %s", f.position)
		}
		if states, err := decodeGroups(testkit.Reply("match/groups", data), []string{"a", "b"}); err == nil && len(states) > 2 {
			t.Errorf("%d groups of 2", len(states))
		}
		if letters, _, ok, err := decodeLetters(testkit.Reply("match/dead_letters", data)); err == nil && !ok && len(letters) > 0 {
			t.Error("letters of no group")
		}
		if fields := codec.ParseWork(string(data)); len(fields) > len(data) {
			t.Errorf("%d fields of %d bytes", len(fields), len(data))
		}
	})
}
