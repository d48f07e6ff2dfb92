package rulebook_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/internal/rulebook"
)

// A stride over 150 queues that can't be ticked sees all others, and then rests.
func TestStride(t *testing.T) {
	t.Parallel()
	s := rulebook.NewStride(64)
	if first := s.Offset(); first%64 != 0 || first > 192 {
		t.Errorf("begins at %d", first)
	}
	for i, look := range []struct {
		found, unread int
		again         bool
		next          int
	}{
		{64, 64, true, 0}, {64, 64, true, 64}, {64, 60, true, 124}, {64, 26, true, 150}, {64, 0, true, 150}, {10, 0, false, -1}, {64, 0, true, -1},
	} {
		again := s.Saw(look.found, look.unread)
		if next := s.Offset(); again != look.again || look.next >= 0 && next != look.next {
			t.Errorf("look %d: %v, next at %d", i, again, next)
		}
	}
}
