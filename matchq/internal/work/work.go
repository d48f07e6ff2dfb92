// Package work hands the events of a namespace to the workers of a group: each event to one worker, under a lease that
// lasts while its process lives, again after a failure, and to the dead letters in the end.
//
// Redis keeps a queue for each group, which lua/lib/work.lua describes. A consumer group of a stream would have kept the
// leases too, but knows no pause before a redelivery that is longer than the lease, looks through all leases to find the
// few that are over, and miniredis does not tell how old they are.
package work

import (
	"context"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// MaxGroups is how many groups a namespace may have.
const MaxGroups = 100

// Settings are those of a group: the last worker that starts says them.
type Settings struct {
	Group     string
	Kinds     []string
	MaxReady  int // events without a room for them are left in the stream; see fill.lua
	MaxDead   int
	Retention time.Duration // how long it outlives its last worker
}

var (
	joinScript   = space.Bind[joinArgs]("match/join_group")
	fillScript   = space.Bind[fillArgs]("match/fill")
	deleteScript = space.Bind[groupArgs]("match/delete_group")
)

type joinArgs struct {
	Group       string `lua:"group"`
	Kinds       string `lua:"kinds"`
	MaxWaiting  int    `lua:"max_waiting"`
	MaxDead     int    `lua:"max_dead"`
	RetentionMS int64  `lua:"retention_ms"`
	MaxGroups   int    `lua:"max_groups"`
}

type fillArgs struct {
	Group   string `lua:"group"`
	OlderMS int64  `lua:"older_ms"`
}

type groupArgs struct {
	Group string `lua:"group"`
}

// Join makes a group, or sets its settings anew. ok is false if there are too many groups.
func Join(ctx context.Context, in *space.Space, s *Settings) (ok bool, err error) {
	r, err := joinScript.Call(ctx, in, joinArgs{
		Group: s.Group, Kinds: " " + strings.Join(s.Kinds, " ") + " ", MaxWaiting: s.MaxReady, MaxDead: s.MaxDead,
		RetentionMS: s.Retention.Milliseconds(), MaxGroups: MaxGroups,
	})
	if err != nil {
		return false, err
	}
	return r.Text() == "joined", r.Err
}

// filled is the result of a step of filling a group.
type filled struct {
	exists     bool
	position   string // behind which to wait for events
	more       bool   // there may be more to do
	full       bool   // the group has as much work as it may
	missed     bool   // events were forgotten before the group got them
	dropped    int64  // events that were pushed out
	unreadable int64  // entries that were skipped
}

// fill makes work of a bounded number of events.
func fill(ctx context.Context, in *space.Space, group string, older time.Duration) (filled, error) {
	r, err := fillScript.Call(ctx, in, fillArgs{Group: group, OlderMS: older.Milliseconds()})
	if err != nil {
		return filled{}, err
	}
	f, err := decodeFilled(r)
	if f.missed {
		in.Log().Warn("matchq: events were forgotten before the group got them", "group", group)
	}
	if f.dropped > 0 {
		in.Log().Warn("matchq: the group has too much work, the oldest was dropped", "group", group, "events", f.dropped)
	}
	if f.unreadable > 0 {
		in.Log().Error("matchq: skipped unreadable entries of the events", "group", group, "entries", f.unreadable, "until", f.position)
	}
	return f, err
}

func decodeFilled(r *space.Reply) (filled, error) {
	if r.Text() == "none" {
		return filled{}, r.Err
	}
	f := filled{
		exists: true, position: r.Text(), more: r.Number() == 1, full: r.Number() == 1, missed: r.Number() == 1, dropped: r.Number(),
		unreadable: r.Number(),
	}
	return f, r.Err
}

// Tend keeps events that are about to be forgotten for groups whose workers have not taken them, and deletes groups
// that nobody has used for their retention. older is the age of those events, at least 1 ms.
func Tend(ctx context.Context, in *space.Space, older time.Duration) error {
	groups, err := space.Members(ctx, in, space.Groups, -1)
	if err != nil {
		return err
	}
	for _, group := range groups {
		for more := true; more; {
			f, err := fill(ctx, in, group, max(older, time.Millisecond))
			if err != nil {
				return err
			}
			more = f.more
		}
	}
	return nil
}

// Delete deletes a group with its work and its dead letters, and says whether there was one.
func Delete(ctx context.Context, in *space.Space, group string) (bool, error) {
	r, err := deleteScript.Call(ctx, in, groupArgs{group})
	if err != nil {
		return false, err
	}
	return r.Text() == "gone", r.Err
}
