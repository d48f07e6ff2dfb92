package matchq

import (
	"context"
	"fmt"

	"github.com/matchq/matchq/matchq/internal/vigil"
)

const (
	// FromNow as a position means all events from the start of Watch on.
	FromNow = ""

	// FromOldest means all events that are still kept.
	FromOldest = "0"
)

// parsePosition reads a position of a user.
func parsePosition(text string) (vigil.Position, error) {
	if text == FromOldest {
		return vigil.Oldest(), nil
	}
	p, ok := vigil.ParsePosition(text)
	if !ok {
		return p, &InvalidError{"position", fmt.Sprintf("must be an event's id, FromNow or FromOldest, not %q", text)}
	}
	return p, nil
}

// Position returns where the event stream ends now, for Watch. Errors: ErrUnavailable.
func (m *Matcher) Position(ctx context.Context) (string, error) {
	oldest := vigil.Oldest()
	p, err := vigil.Locate(ctx, m.space, &oldest)
	if err != nil || p.Newest == oldest {
		return FromOldest, err
	}
	return p.Newest.EntryID(), nil
}
