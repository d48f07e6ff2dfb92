package feed

import (
	"reflect"
	"slices"

	"github.com/matchq/matchq/server/internal/ops/recorder"
)

// compare returns the changes of a snapshot.
func compare(before, now *snapshot) *change {
	c := &change{Now: now.Now}
	if before.Config != now.Config {
		c.Config = &now.Config
	}
	if !reflect.DeepEqual(before.Rules, now.Rules) {
		c.Rules = &now.Rules
	}
	if !reflect.DeepEqual(before.Totals, now.Totals) {
		c.Totals = &now.Totals
	}
	if !reflect.DeepEqual(before.Audit, now.Audit) {
		c.Audit = now.Audit
	}
	if !reflect.DeepEqual(before.Redis, now.Redis) {
		c.Redis = &now.Redis
	}
	if !slices.Equal(before.Nodes, now.Nodes) {
		c.Nodes = now.Nodes
	}
	if !slices.Equal(before.Expired, now.Expired) {
		c.Expired = now.Expired
	}
	c.Queues = compareQueues(before.Queues, now.Queues)
	c.Matches = newMatches(before.Matches, now.Matches)
	c.Minutes = newMinutes(before.Minutes, now.Minutes)
	return c
}

// compareQueues compares two lists that are sorted by name; nil if they are equal.
func compareQueues(before, now []queue) *queueChange {
	c := &queueChange{Set: []queue{}, Gone: []string{}}
	for len(before) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(before) > 0 && before[0].Name < now[0].Name:
			c.Gone = append(c.Gone, before[0].Name)
			before = before[1:]
		case len(before) == 0 || now[0].Name < before[0].Name:
			c.Set = append(c.Set, now[0])
			now = now[1:]
		default:
			if before[0] != now[0] {
				c.Set = append(c.Set, now[0])
			}
			before, now = before[1:], now[1:]
		}
	}
	if len(c.Set) == 0 && len(c.Gone) == 0 {
		return nil
	}
	return c
}

// newMatches returns the matches before the formerly first one.
func newMatches(before, now []match) []match {
	if len(before) == 0 {
		return now
	}
	for i := range now {
		if now[i].ID == before[0].ID {
			return now[:i]
		}
	}
	return now
}

// newMinutes returns new and changed minutes. Only the last ones change.
func newMinutes(before, now []recorder.Row) []recorder.Row {
	if len(before) == len(now) && len(now) > 0 && &before[0] == &now[0] { // rows are replaced, not changed
		return nil
	}
	known := make(map[int64]*recorder.Row, len(before))
	for i := range before {
		known[before[i].Minute] = &before[i]
	}
	var changed []recorder.Row
	for i := range now {
		if old := known[now[i].Minute]; old == nil || !old.Same(&now[i]) {
			changed = append(changed, now[i])
		}
	}
	return changed
}
