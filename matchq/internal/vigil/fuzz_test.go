package vigil

import (
	"testing"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/testkit"
)

func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"0", "", "1-2", "1-2-3", "0-0", "0-0-5", "1-0-0", "18446744073709551615-0-1", "1-2-+3", "1--2", "-", "1-2-3-4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := ParsePosition(text)
		if !ok {
			return
		}
		after, ok := ParsePosition(p.ReadAfter())
		if !ok || p.EntryBefore(after) {
			t.Errorf("%q is read after %q", text, p.ReadAfter())
		}
		if p.place != wholeEntry && !p.isOldest() && !after.EntryBefore(p) {
			t.Errorf("%q is read after %q: the rest of the entry is lost", text, p.ReadAfter())
		}
		if p.missedBy(p) {
			t.Errorf("%q misses itself", text)
		}
	})
}

// FuzzPlaceID sees that the id of a place is a position.
func FuzzPlaceID(f *testing.F) {
	for _, seed := range []string{"1-2-3", "1-2", "-", "--", "1-2--3", "1--2", "x-2-3", "", "1-2-3-4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		entryID, place, ok := codec.SplitPlaceID(id)
		if !ok {
			return
		}
		if p, ok := ParsePosition(id); !ok || p.place != place || place < 0 {
			t.Errorf("%q is place %d of %q and position %+v", id, place, entryID, p)
		}
	})
}

func FuzzPlaceReply(f *testing.F) {
	for _, seed := range []string{"", "sa\x00sb\x00s1-2-0\x00s3-4\x00i1", "s\x00s\x00s\x00s\x00i0", "sa\x00sb\x00sx\x00s\x00i0", "sa\x00sb\x00s\x00sx\x00i1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := decodePlace(testkit.Reply("match/position", data)); err == nil && p.Newest.EntryBefore(p.trimmed) && p.trimmed.isOldest() {
			t.Errorf("the stream ends before it begins: %+v", p)
		}
	})
}
