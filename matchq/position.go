package matchq

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

const (
	// FromNow as a position means all events from the start of Watch on.
	FromNow = ""

	// FromOldest means all events that are still kept.
	FromOldest = "0"
)

// position is a place in the event stream: everything up to and with this place of this entry was seen.
type position struct {
	ms, seq uint64
	place   int // wholeEntry if nothing of the entry is left
}

const wholeEntry = math.MaxInt

// parsePosition reads an event id, or the id of an entry.
func parsePosition(text string) (position, error) {
	if text == FromOldest {
		return position{place: wholeEntry}, nil
	}
	p := position{place: wholeEntry}
	parts := strings.Split(text, "-")
	invalid := &InvalidError{"position", fmt.Sprintf("must be an event's id, FromNow or FromOldest, not %q", text)}
	if len(parts) != 2 && len(parts) != 3 {
		return p, invalid
	}
	var err1, err2, err3 error
	p.ms, err1 = strconv.ParseUint(parts[0], 10, 64)
	p.seq, err2 = strconv.ParseUint(parts[1], 10, 64)
	if len(parts) == 3 {
		p.place, err3 = strconv.Atoi(parts[2])
	}
	if err1 != nil || err2 != nil || err3 != nil || p.place < 0 {
		return p, invalid
	}
	return p, nil
}

// entryID is the id of the position's entry.
func (p position) entryID() string { return fmt.Sprintf("%d-%d", p.ms, p.seq) }

// readAfter is the entry id after which reading goes on; of an entry that was seen in part, the one before it.
func (p position) readAfter() string {
	switch {
	case p.place == wholeEntry || p.ms == 0 && p.seq == 0:
		return p.entryID()
	case p.seq > 0:
		return fmt.Sprintf("%d-%d", p.ms, p.seq-1)
	default:
		return fmt.Sprintf("%d-%d", p.ms-1, uint64(math.MaxUint64))
	}
}

// entryBefore says whether the position's entry stands before another's.
func (p position) entryBefore(o position) bool {
	return p.ms < o.ms || p.ms == o.ms && p.seq < o.seq
}

// missedBy says whether something after the position is gone if everything up to and with trimmed is.
func (p position) missedBy(trimmed position) bool {
	if p.ms == 0 && p.seq == 0 {
		return false // FromOldest asks for the events that are kept
	}
	return p.entryBefore(trimmed) || !trimmed.entryBefore(p) && p.place < trimmed.place
}

// Position returns where the event stream ends now, for Watch. Errors: ErrUnavailable.
func (m *Matcher) Position(ctx context.Context) (string, error) {
	e, err := m.ends(ctx)
	if err != nil || e.last == (position{place: wholeEntry}) {
		return FromOldest, err
	}
	return e.last.entryID(), nil
}

// marks say whether a stream still holds the events after a position.
type marks struct {
	trimmed position // the last event that was trimmed
	born    string   // when the namespace came into being, "" if it has not: another one means that Redis was emptied
}

// ends is where a stream ends, at both sides.
type ends struct {
	marks

	last position // the last entry
}

func (m *Matcher) ends(ctx context.Context) (ends, error) {
	marks, err := m.marks(ctx)
	if err != nil {
		return ends{}, err
	}
	e := ends{marks: marks, last: marks.trimmed}
	newest, err := space.Do(ctx, m.space, "read position", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		return rdb.XRevRangeN(ctx, m.space.Key(space.Events), "+", "-", 1).Result()
	})
	if err == nil && len(newest) > 0 {
		e.last, err = parsePosition(newest[0].ID)
	}
	return e, err
}

// marks reads them.
func (m *Matcher) marks(ctx context.Context) (marks, error) {
	values, err := space.Do(ctx, m.space, "read position", func(ctx context.Context, rdb redis.UniversalClient) ([]any, error) {
		return rdb.HMGet(ctx, m.space.Key(space.Meta), "trimmed", "born").Result()
	})
	if err != nil {
		return marks{}, err
	}
	trimmed, ok := values[0].(string)
	if !ok {
		trimmed = FromOldest
	}
	born, _ := values[1].(string)
	p, err := parsePosition(trimmed)
	return marks{p, born}, err
}
