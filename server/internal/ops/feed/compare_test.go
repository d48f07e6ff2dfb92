package feed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/server/internal/ops/recorder"
)

// apply applies a change like the page.
func apply(s snapshot, c *change) snapshot {
	s.Now = c.Now
	if c.Config != nil {
		s.Config = *c.Config
	}
	if c.Rules != nil {
		s.Rules = *c.Rules
	}
	if c.Totals != nil {
		s.Totals = *c.Totals
	}
	if c.Audit != nil {
		s.Audit = c.Audit
	}
	if c.Redis != nil {
		s.Redis = *c.Redis
	}
	if c.Nodes != nil {
		s.Nodes = c.Nodes
	}
	if c.Queues != nil {
		s.Queues = keyed(s.Queues, c.Queues.Set, func(q queue) string { return q.Name }, strings.Compare, c.Queues.Gone...)
	}
	if c.Expired != nil {
		s.Expired = c.Expired
	}
	s.Matches = append(slices.Clone(c.Matches), s.Matches...)
	s.Matches = s.Matches[:min(len(s.Matches), maxMatches)]
	s.Minutes = keyed(s.Minutes, c.Minutes, func(r recorder.Row) int64 { return r.Minute }, func(a, b int64) int { return int(a - b) })
	return s
}

// keyed replaces rows with the same key, in the order of the keys.
func keyed[K comparable, R any](rows, set []R, key func(R) K, order func(a, b K) int, gone ...K) []R {
	by := map[K]R{}
	for _, r := range slices.Concat(rows, set) {
		by[key(r)] = r
	}
	for _, k := range gone {
		delete(by, k)
	}
	keys := slices.SortedFunc(maps.Keys(by), order)
	all := make([]R, len(keys))
	for i, k := range keys {
		all[i] = by[k]
	}
	return all
}

func drawQueues(t *rapid.T) []queue {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "é", ""}), 0, 6, rapid.ID).Draw(t, "queues")
	slices.Sort(names)
	queues := make([]queue, len(names))
	for i, name := range names {
		queues[i] = queue{Name: name, Waiting: rapid.IntRange(0, 2).Draw(t, "waiting"), Paused: rapid.Bool().Draw(t, "paused")}
	}
	return queues
}

func drawSnapshot(t *rapid.T, before *snapshot) *snapshot {
	s := &snapshot{
		Now: before.Now + 1, Queues: drawQueues(t), Minutes: before.Minutes,
		Config:  config{MatchSize: rapid.IntRange(2, 3).Draw(t, "size")},
		Rules:   rulesState{Version: rapid.SampledFrom([]string{"1.a", "2.b"}).Draw(t, "version"), Patterns: []patternRules{}},
		Totals:  totals{Waiting: rapid.Int64Range(0, 1).Draw(t, "total")},
		Matches: []match{}, Audit: &audit{OK: rapid.Bool().Draw(t, "ok")},
		Redis:   redisState{Up: rapid.Bool().Draw(t, "up")},
		Expired: slices.Clone([]expired{{"a", 2}, {"b", 1}}[:rapid.IntRange(0, 2).Draw(t, "expired")]),
		Nodes:   []node{{ID: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "node")}},
	}
	for i := range rapid.IntRange(0, 2*maxMatches).Draw(t, "matches") {
		s.Matches = append(s.Matches, match{ID: fmt.Sprint(before.Now, "-", i)})
	}
	s.Matches = append(s.Matches, before.Matches...)
	s.Matches = s.Matches[:min(len(s.Matches), maxMatches)]
	if rapid.Bool().Draw(t, "a minute") {
		last := recorder.Row{Minute: int64(rapid.IntRange(1, 5).Draw(t, "which")), Waiting: int64(before.Now)}
		s.Minutes = keyed(before.Minutes, []recorder.Row{last}, func(r recorder.Row) int64 { return r.Minute }, func(a, b int64) int { return int(a - b) })
	}
	return s
}

// A snapshot plus all later changes equals a new snapshot.
func TestChangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := drawSnapshot(t, &snapshot{Matches: []match{}, Minutes: []recorder.Row{}})
		page := *now
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			next := drawSnapshot(t, now)
			c := compare(now, next)
			page = apply(page, c)
			if got, want := string(message("", page)), string(message("", next)); got != want {
				t.Fatalf("the page has\n%s, but must have\n%s", got, want)
			}
			if again := string(message("", compare(next, next))); again != string(message("", &change{Now: next.Now})) {
				t.Fatalf("nothing has changed, and yet: %s", again)
			}
			now = next
		}
	})
}
