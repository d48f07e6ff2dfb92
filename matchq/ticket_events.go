package matchq

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

const (
	historyPage  = 64  // entries that are read at once
	historyPages = 100 // pages that are searched for a ticket
	maxRecent    = 50  // matches that RecentMatches returns
	recentPage   = 2   // entries that are read first for them, then twice as many, and so on
	recentPages  = 7
)

// TicketEvents returns the events about a ticket, as Ticket has just returned it, oldest first, as far as they are kept:
// when it was proposed and restored, and how it ended. It reads events until it has found the end, at most 6,400 entries,
// so it is for questions about one ticket. Errors: ErrUnavailable.
func (m *Matcher) TicketEvents(ctx context.Context, t *Ticket) ([]Event, error) {
	var found []Event
	since := t.EnqueuedAt
	switch {
	case t.State == Waiting && t.Version == 1:
		return nil, nil // nothing has
	case t.Version == 2 && !t.EndedAt.IsZero():
		since = t.EndedAt // and nothing before
	}
	from := fmt.Sprintf("%d-0", max(0, since.UnixMilli()))
	for range historyPages {
		entries, err := m.entries(ctx, func(ctx context.Context, rdb redis.UniversalClient) *redis.XMessageSliceCmd {
			return rdb.XRangeN(ctx, m.space.Key(space.Events), from, "+", historyPage)
		})
		if err != nil {
			return found, err
		}
		for i := range entries {
			if at := entries[i].placeOf(t.ID); at >= 0 {
				found = append(found, entries[i].event(at))
			}
			if n := len(found); n > 0 && found[n-1].Kind != Proposed && found[n-1].Kind != Restored {
				return found, nil
			}
		}
		if len(entries) < historyPage {
			break
		}
		from = "(" + entries[len(entries)-1].ID
	}
	return found, nil
}

// RecentMatches returns the newest matches that were made, newest first, as far as they are kept: at most n of them, at
// most 50, and those of the newest 254 entries. With a ready check all have accepted them. Errors: ErrUnavailable.
func (m *Matcher) RecentMatches(ctx context.Context, n int) ([]Match, error) {
	var recent []Match
	n = max(0, min(n, maxRecent))
	to := "+"
	for page := range recentPages {
		count := int64(recentPage) << page
		entries, err := m.entries(ctx, func(ctx context.Context, rdb redis.UniversalClient) *redis.XMessageSliceCmd {
			return rdb.XRevRangeN(ctx, m.space.Key(space.Events), to, "-", count)
		})
		if err != nil {
			return recent, err
		}
		for i := range entries {
			e := &entries[i]
			for place := e.Places() - 1; e.Kind == codec.Matched && place >= 0; place-- {
				if len(recent) == n {
					return recent, nil
				}
				recent = append(recent, *e.match(place))
			}
		}
		if int64(len(entries)) < count {
			break
		}
		to = "(" + entries[len(entries)-1].ID
	}
	return recent, nil
}

// entries reads a piece of the event stream. An entry that can't be read has its id alone.
func (m *Matcher) entries(
	ctx context.Context, read func(context.Context, redis.UniversalClient) *redis.XMessageSliceCmd,
) ([]entry, error) {
	messages, err := space.Do(ctx, m.space, "read events", func(ctx context.Context, rdb redis.UniversalClient) ([]redis.XMessage, error) {
		return read(ctx, rdb).Result()
	})
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(messages))
	for i, message := range messages {
		if entries[i], err = parseMessage(message); err != nil {
			entries[i] = entry{Entry: codec.Entry{ID: message.ID}} // of another program or a later version: about nothing
		}
	}
	return entries, nil
}
