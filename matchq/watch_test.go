package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// watch is Watch that ends the test when the loop over it has not ended within Patience.
func watch(t testing.TB, m *matchq.Matcher, after string) iter.Seq2[matchq.Event, error] {
	return func(yield func(matchq.Event, error) bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), matchqtest.Patience)
		defer cancel()
		n := 0
		for ev, err := range m.Watch(ctx, after) {
			if n++; !yield(ev, err) {
				return
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("only %d events came within %v", n, matchqtest.Patience)
		}
	}
}

// take waits for the next events after a position and returns them.
func take(t testing.TB, m *matchq.Matcher, after string, n int) []matchq.Event {
	t.Helper()
	var events []matchq.Event
	for ev, err := range watch(t, m, after) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, ev); len(events) == n {
			break
		}
	}
	return events
}

func position(t testing.TB, m *matchq.Matcher) string {
	t.Helper()
	at, err := m.Position(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func checkWaiting(t testing.TB, m *matchq.Matcher, queue string, want int) {
	t.Helper()
	if q, err := m.Queue(context.Background(), queue); err != nil || q.Waiting != want {
		t.Errorf("queue: %+v, %v; must hold %d", q, err, want)
	}
}

// story makes events of all kinds, in entries of one and entries of many, and returns their ids.
func story(t testing.TB, m *matchq.Matcher) []string {
	t.Helper()
	before := position(t, m)
	var requests []matchq.Request
	for i := range 130 {
		requests = append(requests, matchq.Request{Queue: "crowd", Player: fmt.Sprint("p", i)})
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	tick(t, m, "crowd")
	single := enqueue(t, m, "history", "alice")
	if err := m.Cancel(t.Context(), single.ID, ""); err != nil {
		t.Fatal(err)
	}
	enqueue(t, m, "maths", "bob")
	enqueue(t, m, "maths", "carol")
	tick(t, m, "maths")
	for i := range 3 {
		enqueue(t, m, "drained", fmt.Sprint("d", i))
	}
	if _, err := m.Drain(t.Context(), "drained"); err != nil {
		t.Fatal(err)
	}
	return idsOfEvents(take(t, m, before, 65+1+1+3))
}

func tick(t testing.TB, m *matchq.Matcher, queue string) {
	t.Helper()
	if _, err := m.Tick(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
}

func idsOfEvents(events []matchq.Event) []string {
	ids := make([]string, len(events))
	for i := range events {
		ids[i] = events[i].ID
	}
	return ids
}

// entryOf returns the part of an event's id that names its entry.
func entryOf(id string) string { return id[:strings.LastIndexByte(id, '-')] }

func TestWatchGoesOnAfterEachEvent(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := story(t, m)
		if entryOf(ids[0]) != entryOf(ids[49]) || entryOf(ids[49]) == entryOf(ids[50]) {
			t.Fatalf("50 matches should share an entry: %v", ids)
		}
		for i := range len(ids) - 1 {
			if rest := idsOfEvents(take(t, m, ids[i], len(ids)-1-i)); !slices.Equal(rest, ids[i+1:]) {
				t.Fatalf("after %s come %v, not %v", ids[i], rest, ids[i+1:])
			}
		}
		if all := idsOfEvents(take(t, m, matchq.FromOldest, len(ids))); !slices.Equal(all, ids) {
			t.Errorf("from the oldest on: %v, not %v", all, ids)
		}
		next := enqueue(t, m, "history", "dora")
		if err := m.Cancel(t.Context(), next.ID, ""); err != nil {
			t.Fatal(err)
		}
		if got := take(t, m, ids[len(ids)-1], 1)[0]; got.Ticket.ID != next.ID {
			t.Errorf("after the last one comes %+v", got)
		}
	})
}

func TestWatchTwiceFromOnePlace(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := story(t, m)
		events := watch(t, m, ids[2])
		for range 2 { // each range starts from the beginning, wherever the previous one stopped
			for ev, err := range events {
				if err != nil || ev.ID != ids[3] {
					t.Fatalf("first event: %+v, %v", ev, err)
				}
				break
			}
		}
	})
}

func TestWatchFromNowAndPosition(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		if at := position(t, m); at != matchq.FromOldest {
			t.Errorf("position before anything happened: %q", at)
		}
		ids := story(t, m)
		if at := position(t, m); at != entryOf(ids[len(ids)-1]) {
			t.Errorf("position is %q, the last event %q", at, ids[len(ids)-1])
		}
		got := make(chan matchq.Event)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer close(got)
			for ev := range m.Watch(ctx, matchq.FromNow) {
				got <- ev
			}
		}()
		// The watch starts at an unknown moment: repeat the operation until its event arrives.
		var first matchq.Event
		for n := 0; first.ID == ""; n++ {
			made := enqueue(t, m, "history", fmt.Sprint("n", n))
			if err := m.Cancel(t.Context(), made.ID, ""); err != nil {
				t.Fatal(err)
			}
			select {
			case first = <-got:
			case <-time.After(50 * time.Millisecond):
			}
		}
		if slices.Contains(ids, first.ID) || !strings.HasPrefix(first.Ticket.Player, "n") {
			t.Errorf("from now on: %+v", first)
		}
		cancel()
		for range got { // it ends with its context
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		for ev, err := range m.Watch(ctx, matchq.FromOldest) { // it waits: there is nothing
			t.Errorf("%+v, %v", ev, err)
		}
		for ev, err := range m.Watch(ctx, "nonsense") { // it ended before it began
			t.Errorf("%+v, %v", ev, err)
		}
	})
}

func TestWatchRefusesWhatIsNoPosition(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	for _, after := range []string{"nonsense", "1", "1-", "-1-0", "1-2-", "1-2-x", "1-2--3", "1-2-3-4", " 1-2", "99999999999999999999-0"} {
		for _, err := range watch(t, m, after) {
			if _, ok := errors.AsType[*matchq.InvalidError](err); !ok {
				t.Errorf("watch after %q: %v", after, err)
			}
			break
		}
	}
}

// firstError watches until there is an error.
func firstError(t testing.TB, m *matchq.Matcher, after string) error {
	t.Helper()
	for _, err := range watch(t, m, after) {
		if err != nil {
			return err
		}
	}
	t.Fatal("it ended without an error")
	return nil
}

func TestWatchTellsOfAGap(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second})
	ids := story(t, m)
	last := ids[len(ids)-1]
	env.Embedded.SetTime(now.Add(2 * time.Second))
	for more := true; more; {
		var err error
		if more, err = m.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, after := range []string{ids[0], ids[40], ids[60], ids[len(ids)-2]} {
		if err := firstError(t, m, after); !errors.Is(err, matchq.ErrGap) {
			t.Errorf("after %s, which is gone: %v", after, err)
		}
	}
	later := enqueue(t, m, "history", "dora")
	if err := m.Cancel(t.Context(), later.ID, ""); err != nil {
		t.Fatal(err)
	}
	// A watcher that has seen the last removed event has missed nothing.
	for _, after := range []string{matchq.FromOldest, last, entryOf(last)} {
		if got := take(t, m, after, 1)[0]; got.Ticket.ID != later.ID {
			t.Errorf("after %s: %+v", after, got)
		}
	}
	ahead := fmt.Sprintf("%d-0", now.Add(time.Hour).UnixMilli())
	if err := firstError(t, m, ahead); !errors.Is(err, matchq.ErrGap) {
		t.Errorf("ahead of the stream: %v", err)
	}
}

// TestWatchBehindIsToldOfTheGap removes events that a slow watcher has not read yet.
func TestWatchBehindIsToldOfTheGap(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second})
	story(t, m)
	seen := 0
	for _, err := range watch(t, m, matchq.FromOldest) {
		if errors.Is(err, matchq.ErrGap) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen != 1 {
			continue
		}
		// The watcher holds the events it has read. Two stories later these are removed, and also some it has not read.
		for round := range 2 {
			story2(t, m, round)
			now = now.Add(2 * time.Second)
			env.Embedded.SetTime(now)
		}
		for more := true; more; {
			if more, err = m.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		story2(t, m, 2)
	}
	t.Error("the watch ended without an error")
}

// story2 makes more entries than a watcher reads at once.
func story2(t testing.TB, m *matchq.Matcher, round int) {
	t.Helper()
	for i := range 20 {
		made := enqueue(t, m, "history", fmt.Sprint("s", round, "-", i))
		if err := m.Cancel(t.Context(), made.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
}
