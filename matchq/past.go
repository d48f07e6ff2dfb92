package matchq

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

const (
	pastPage    = 64  // entries that are read at once
	mostOfPast  = 100 // pages that are searched for a ticket
	mostLatest  = 50  // matches that Latest returns
	latestPage  = 2   // entries that are read first for them, then twice as many, and so on
	latestPages = 7
)

// Past returns what has happened to a ticket, as Ticket has just returned it, since it was queued, oldest first, as far as
// that is kept: when it was proposed, restored and how it ended. It reads events until it has found the end, 6,400 entries at most, so it is for people who
// ask about one ticket. Errors: ErrUnavailable.
func (m *Matcher) Past(ctx context.Context, t *Ticket) ([]Event, error) {
	var past []Event
	since := t.EnqueuedAt
	switch {
	case t.State == Waiting && t.Version == 1:
		return nil, nil // nothing has
	case t.Version == 2 && !t.EndedAt.IsZero():
		since = t.EndedAt // and nothing before
	}
	from := fmt.Sprintf("%d-0", max(0, since.UnixMilli()))
	for range mostOfPast {
		entries, err := m.entries(ctx, func(ctx context.Context) *redis.XMessageSliceCmd {
			return m.rdb.XRangeN(ctx, m.keys.events, from, "+", pastPage)
		})
		if err != nil {
			return past, err
		}
		for i := range entries {
			if at := entries[i].placeOf(t.ID); at >= 0 {
				past = append(past, entries[i].event(at))
			}
			if n := len(past); n > 0 && past[n-1].Kind != Proposed && past[n-1].Kind != Restored {
				return past, nil
			}
		}
		if len(entries) < pastPage {
			break
		}
		from = "(" + entries[len(entries)-1].id
	}
	return past, nil
}

// Latest returns the newest matches that were made, newest first, as far as they are kept: at most n of them, at most
// 50, and those of the newest 254 entries. With a ready check they are those that all have accepted. Errors: ErrUnavailable.
func (m *Matcher) Latest(ctx context.Context, n int) ([]Match, error) {
	var latest []Match
	n = max(0, min(n, mostLatest))
	to := "+"
	for page := range latestPages {
		count := int64(latestPage) << page
		entries, err := m.entries(ctx, func(ctx context.Context) *redis.XMessageSliceCmd {
			return m.rdb.XRevRangeN(ctx, m.keys.events, to, "-", count)
		})
		if err != nil {
			return latest, err
		}
		for i := range entries {
			e := &entries[i]
			for place := e.places() - 1; e.kind == Matched && place >= 0; place-- {
				if len(latest) == n {
					return latest, nil
				}
				latest = append(latest, *e.match(place))
			}
		}
		if int64(len(entries)) < count {
			break
		}
		to = "(" + entries[len(entries)-1].id
	}
	return latest, nil
}

// entries reads a piece of the event stream.
func (m *Matcher) entries(ctx context.Context, read func(context.Context) *redis.XMessageSliceCmd) ([]entry, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([]entry, error) {
		messages, err := read(ctx).Result()
		if err != nil {
			return nil, failure("read events", err)
		}
		entries := make([]entry, len(messages))
		for i, message := range messages {
			if entries[i], err = parseMessage(message); err != nil {
				return nil, err
			}
		}
		return entries, nil
	})
}

// placeOf is the place of the entry that tells of a ticket, -1 if none does.
func (e *entry) placeOf(ticketID string) int {
	for i := range e.tickets {
		if e.tickets[i].ID == ticketID {
			return i / e.size
		}
	}
	return -1
}
