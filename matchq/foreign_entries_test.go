package matchq_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// entryFields are the fields of an entry about a match of a and b, or of another kind, with others in place of some.
func entryFields(kind string, others ...string) []string {
	record := "\n1700000060000\tq\t60000\tp\t\t\t"
	fields := []string{
		"kind", kind, "size", "2", "count", "2", "at", "1700000000000", "reason", "", "tickets", "a" + record + "\nb" + record,
	}
	for i := 0; i < len(others); i += 2 {
		if at := slices.Index(fields, others[i]); at >= 0 {
			fields[at+1] = others[i+1]
		} else {
			fields = append(fields, others[i:i+2]...)
		}
	}
	return fields
}

// unreadable are entries that no version of this library writes, and that every reader of them must step over.
var unreadable = map[string][]string{
	"fields of another program":      {"temperature", "21"},
	"a kind alone":                   {"kind", "matched"},
	"another order":                  {"size", "2", "kind", "matched", "count", "2", "at", "1", "reason", "", "tickets", "a"},
	"no size":                        entryFields("matched", "size", ""),
	"a size of 0":                    entryFields("matched", "size", "0"),
	"a size that is no number":       entryFields("matched", "size", "two"),
	"an odd count":                   entryFields("matched", "count", "3"),
	"a count that is no number":      entryFields("matched", "count", "x"),
	"sizes that don't add up":        entryFields("matched", "size", "1,2"),
	"sizes with a hole":              entryFields("matched", "size", "1,,1"),
	"a huge size":                    entryFields("matched", "size", "1000000000", "count", "1000000000"),
	"more places than a reply holds": entryFields("matched", "size", "1", "count", "9000", "tickets", strings.Repeat("a\n", 17999)+"a"),
	"no time":                        entryFields("matched", "at", "noon"),
	"too few lines":                  entryFields("matched", "tickets", "a\nb"),
	"too many lines":                 entryFields("matched", "tickets", strings.Repeat("a\n", 20000)+"a"),
	"data of fewer matches":          entryFields("matched", "size", "1", "data", "{}"),
	"data of more matches":           entryFields("matched", "data", "{}\n{}"),
}

// addForeign adds entries to the events, and returns their ids.
func addForeign(t *testing.T, env *matchqtest.Env, entries map[string][]string) (ids []string) {
	t.Helper()
	for _, fields := range entries {
		id, err := env.Client.XAdd(t.Context(), &redis.XAddArgs{Stream: "{" + env.Namespace + "}:events", Values: fields}).Result()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestConsumeStepsOverForeignEntries that stand among the matches, and counts them.
func TestConsumeStepsOverForeignEntries(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		var log logged
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ids := idsOfEvents(makeMatches(t, m, 2))
		addForeign(t, env, unreadable)
		addForeign(t, env, map[string][]string{"of a later version": entryFields("teleported"), "of no kind": {"news", "none"}})
		from := position(t, m)
		enqueue(t, m, "maths", "alice")
		enqueue(t, m, "maths", "bob")
		tick(t, m, "maths")
		ids = append(ids, idsOfEvents(take(t, m, from, 1))...)
		var all deliveries
		work(t, m, quick("rooms"), func(_ context.Context, ev matchq.Event) error { return all.finish(ev) })
		matchqtest.Eventually(t, "each match is handled", func() bool { return len(all.finished()) == len(ids) })
		if got := all.finished(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(ids))) {
			t.Errorf("handled %v of %v", got, ids)
		}
		if g := groupOf(t, m, "rooms"); g.Unreadable != int64(len(unreadable)+1) || g.Gaps != 0 {
			t.Errorf("%d unreadable entries of %d, %d gaps", g.Unreadable, len(unreadable)+1, g.Gaps)
		}
		if log.count("skipped unreadable entries of the events", "group=rooms") == 0 {
			t.Error("the log does not tell of them")
		}
	})
}

// TestForeignEntriesAreForgotten with all others when retention is over, and hold up no other.
func TestForeignEntriesAreForgotten(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{Retention: time.Minute})
	checkForgotten(t, m, env, func() { env.Embedded.SetTime(time.Now().Add(2 * time.Minute)) })
}

// TestARealRedisForgetsForeignEntries as the embedded one does.
func TestARealRedisForgetsForeignEntries(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second})
	checkForgotten(t, m, env, func() {})
}

// checkForgotten makes matches, adds unreadable entries and, once retention is over, sees that ticks forget all of them.
func checkForgotten(t *testing.T, m *matchq.Matcher, env *matchqtest.Env, retentionOver func()) {
	t.Helper()
	makeMatches(t, m, 2)
	addForeign(t, env, unreadable)
	addForeign(t, env, map[string][]string{"garbage in a line": entryFields("matched", "tickets", "a\n\nb\n!")})
	makeMatches(t, m, 2)
	retentionOver()
	matchqtest.Eventually(t, "nothing is kept", func() bool {
		tick(t, m, "history")
		s := checkAudit(t, m)
		return s.Events == 0 && s.Stored == 0
	})
	makeMatches(t, m, 1) // also watches, from a position behind the forgotten events
}

// TestWatchStepsOverForeignEntries: each is a gap, behind which the Watch goes on.
func TestWatchStepsOverForeignEntries(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler)})
		from := position(t, m)
		ids := idsOfEvents(makeMatches(t, m, 1))
		foreign := addForeign(t, env, unreadable)
		foreign = append(foreign, addForeign(t, env, map[string][]string{"of a later version": entryFields("teleported")})...)
		ids = append(ids, idsOfEvents(makeMatchesBehind(t, m))...)
		var seen []string
		gaps := 0
		for ev, err := range m.Watch(t.Context(), from) {
			if errors.Is(err, matchq.ErrGap) && strings.Contains(err.Error(), foreign[gaps]) {
				gaps++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if seen = append(seen, ev.ID); len(seen) == len(ids) {
				break
			}
		}
		if !slices.Equal(seen, ids) || gaps != len(foreign) {
			t.Errorf("saw %v of %v, and %d gaps of %d", seen, ids, gaps, len(foreign))
		}
	})
}

// makeMatchesBehind makes a match behind entries that Watch can't read, and returns its event.
func makeMatchesBehind(t *testing.T, m *matchq.Matcher) []matchq.Event {
	t.Helper()
	from := position(t, m)
	enqueue(t, m, "maths", "alice")
	enqueue(t, m, "maths", "bob")
	tick(t, m, "maths")
	return take(t, m, from, 1)
}

// TestLookingBackStepsOverForeignEntries, as the dashboard and the pages about players do.
func TestLookingBackStepsOverForeignEntries(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.DiscardHandler), ReadyTimeout: time.Hour})
		enqueue(t, m, "maths", "alice")
		enqueue(t, m, "maths", "bob")
		tick(t, m, "maths")
		proposed, err := m.TicketOf(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		addForeign(t, env, unreadable)
		for _, player := range []string{"alice", "bob"} {
			if _, err := m.Accept(t.Context(), proposed.Match.ID, player); err != nil {
				t.Fatal(err)
			}
		}
		recent, err := m.RecentMatches(t.Context(), 5)
		if err != nil || len(recent) != 1 || recent[0].ID != proposed.Match.ID {
			t.Errorf("recent matches: %+v, %v", recent, err)
		}
		ended, err := m.Ticket(t.Context(), proposed.ID)
		if err != nil {
			t.Fatal(err)
		}
		events, err := m.TicketEvents(t.Context(), &ended)
		if err != nil || len(events) != 2 {
			t.Errorf("%d events of the ticket, %v", len(events), err)
		}
		checkNoMatch(t, m, addForeign(t, env, map[string][]string{"of another program": {"temperature", "21"}})[0]+"-0")
	})
}

// checkNoMatch sees that an id is that of no match, whatever one asks of it.
func checkNoMatch(t *testing.T, m *matchq.Matcher, id string) {
	t.Helper()
	for what, ask := range map[string]func() error{
		"Match":   func() error { _, err := m.Match(t.Context(), id); return err },
		"Accept":  func() error { _, err := m.Accept(t.Context(), id, "alice"); return err },
		"Assign":  func() error { _, err := m.Assign(t.Context(), id, matchq.Assignment{Connection: "x"}); return err },
		"Release": func() error { _, _, err := m.Release(t.Context(), id, "why"); return err },
	} {
		if err := ask(); !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("%s of %s: %v", what, id, err)
		}
	}
}
