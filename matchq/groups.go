package matchq

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/work"
)

// maxLetters is how many dead letters a call lists, retries or removes.
const maxLetters = 100

// mostLetters is how many dead letters a group may keep.
const mostLetters = 1_000_000

// Group is the state of a group of workers of Consume.
type Group struct {
	Name        string
	Kinds       []State
	Workers     int   // that live, or died less than three times AckWait ago
	Waiting     int   // events that no worker has had yet
	Delivered   int   // events that a worker has, or that wait for their next delivery
	DeadLetters int   // that are kept
	Done        int64 // events that were handled, in all
	Buried      int64 // events that became dead letters, in all
	Dropped     int64 // events that were pushed out by MaxWaiting, in all
	Gaps        int64 // how often events were forgotten before the group got them: nobody was in Run
	Unreadable  int64 // entries of events that were skipped, in all: another program or a later version wrote them

	// Expires is in how long the group goes if no worker calls.
	Expires time.Duration
}

// DeadLetter is an event that a group has given up on.
type DeadLetter struct {
	Event  Event     // with the number of its deliveries
	Since  time.Time // by Redis's clock
	Reason string    // the error of the last delivery, at most 500 bytes
}

// Groups lists the groups of Consume, at most 100. Errors: ErrUnavailable.
func (m *Matcher) Groups(ctx context.Context) ([]Group, error) {
	states, err := work.Groups(ctx, m.space)
	groups := make([]Group, len(states))
	for i, s := range states {
		groups[i] = Group{
			Name: s.Group, Workers: int(s.Workers), Waiting: int(s.Ready), Delivered: int(s.Leased), DeadLetters: int(s.Dead),
			Done: s.Done, Buried: s.Buried, Dropped: s.Dropped, Gaps: s.Gaps, Unreadable: s.Unreadable, Expires: s.Idle,
		}
		for _, kind := range s.Kinds {
			groups[i].Kinds = append(groups[i].Kinds, State(kind))
		}
	}
	return groups, err
}

// DeleteGroup deletes a group of Consume, with its events and dead letters. End its workers before: a worker makes the
// group again, from the oldest event that is kept. It is safe to repeat. Errors: ErrNotFound, *ConfigError, ErrUnavailable.
func (m *Matcher) DeleteGroup(ctx context.Context, group string) error {
	if err := CheckName("group", group); err != nil {
		return err
	}
	found, err := work.Delete(ctx, m.space, group)
	return orNotFound(found, err)
}

// DeadLetters lists dead letters of a group, newest first: at most n of them, at most 100, after the first skip ones.
// total is how many there are. Errors: *InvalidError, ErrNotFound if there is no such group, ErrUnavailable.
func (m *Matcher) DeadLetters(ctx context.Context, group string, skip, n int) (letters []DeadLetter, total int, err error) {
	if err := CheckName("group", group); err != nil {
		return nil, 0, err
	}
	if skip < 0 || n < 1 {
		return nil, 0, &InvalidError{"skip and n", fmt.Sprintf("must be at least 0 and 1, not %d and %d", skip, n)}
	}
	skip = min(skip, mostLetters) // more are not kept, and Redis reads no number of 19 digits
	stored, all, found, err := work.DeadLetters(ctx, m.space, group, skip, min(n, maxLetters))
	if err := orNotFound(found, err); err != nil {
		return nil, 0, err
	}
	for _, l := range stored {
		letter := DeadLetter{Since: l.Since, Reason: l.Problem}
		if letter.Event, err = eventOf(l.ID, l.Fields); err != nil {
			letter.Event = Event{ID: l.ID} // of a kind that this version can't read
		}
		letter.Event.Delivery = l.Delivery
		letters = append(letters, letter)
	}
	return letters, int(all), nil
}

// RetryDeadLetters delivers dead letters of a group again, by the IDs of their events, at most 100; their deliveries count
// from one. It returns the ids that were dead letters: repeating it does nothing more. Errors as for DeadLetters, and
// *ConfigError.
func (m *Matcher) RetryDeadLetters(ctx context.Context, group string, ids ...string) ([]string, error) {
	return m.settleDead(ctx, group, true, ids)
}

// RemoveDeadLetters removes dead letters of a group, by the IDs of their events, at most 100. It returns the ids that were
// dead letters: repeating it does nothing more. Errors as for RetryDeadLetters.
func (m *Matcher) RemoveDeadLetters(ctx context.Context, group string, ids ...string) ([]string, error) {
	return m.settleDead(ctx, group, false, ids)
}

func (m *Matcher) settleDead(ctx context.Context, group string, again bool, ids []string) ([]string, error) {
	if err := CheckName("group", group); err != nil {
		return nil, err
	}
	if len(ids) > maxLetters {
		return nil, &InvalidError{"ids", fmt.Sprintf("must be at most %d, not %d", maxLetters, len(ids))}
	}
	settled, found, err := work.Settle(ctx, m.space, group, again, ids)
	return settled, orNotFound(found, err)
}

func orNotFound(found bool, err error) error {
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// eventOf reads an event by its id from the fields of an entry that was cut at its place.
func eventOf(id string, fields map[string]string) (Event, error) {
	entryID := id[:max(0, strings.LastIndexByte(id, '-'))]
	e, err := parseEntry(entryID, fields)
	if err != nil {
		return Event{}, err
	}
	return e.event(0), nil
}
