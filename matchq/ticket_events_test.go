package matchq_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func kinds(events []matchq.Event) []matchq.State {
	var kinds []matchq.State
	for i := range events {
		kinds = append(kinds, events[i].Kind)
	}
	return kinds
}

// The events of a ticket are found among those of others.
func TestPast(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Minute})
		alice := enqueue(t, m, "history", "alice")
		past := func() []matchq.State {
			t.Helper()
			now, err := m.Ticket(t.Context(), alice.ID)
			if err != nil {
				t.Fatal(err)
			}
			events, err := m.TicketEvents(t.Context(), &now)
			if err != nil {
				t.Fatal(err)
			}
			return kinds(events)
		}
		if got := past(); len(got) != 0 {
			t.Errorf("a waiting ticket has the events %v", got)
		}
		tick := func() {
			t.Helper()
			if _, err := m.Tick(t.Context(), "history"); err != nil {
				t.Fatal(err)
			}
		}
		propose := func(opponent string) string {
			t.Helper()
			enqueue(t, m, "history", opponent)
			tick()
			live, err := m.Ticket(t.Context(), alice.ID)
			if err != nil || live.Match == nil {
				t.Fatalf("%+v, %v", live, err)
			}
			return live.Match.ID
		}
		if err := m.Decline(t.Context(), propose("bob"), "bob"); err != nil {
			t.Fatal(err)
		}
		enqueueMany(t, m, "others", 300)
		if _, err := m.Tick(t.Context(), "others"); err != nil {
			t.Fatal(err)
		}
		for i := range 70 { // more entries than are read at once
			other := enqueue(t, m, "cancelled", fmt.Sprintf("player-%d", i))
			if err := m.Cancel(t.Context(), other.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		match := propose("carol")
		want := []matchq.State{matchq.Proposed, matchq.Restored, matchq.Proposed}
		if got := past(); !slices.Equal(got, want) {
			t.Errorf("past: %v, want %v", got, want)
		}
		for _, player := range []string{"alice", "carol"} {
			if _, err := m.Accept(t.Context(), match, player); err != nil {
				t.Fatal(err)
			}
		}
		if got := past(); !slices.Equal(got, append(want, matchq.Matched)) {
			t.Errorf("past: %v", got)
		}
	})
}

func TestLatest(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{})
		if latest, err := m.RecentMatches(t.Context(), 5); err != nil || len(latest) != 0 {
			t.Fatalf("latest: %v, %v", latest, err)
		}
		for _, queue := range []string{"first", "second", "third"} {
			enqueueMany(t, m, queue, 4)
			if _, err := m.Tick(t.Context(), queue); err != nil {
				t.Fatal(err)
			}
		}
		latest, err := m.RecentMatches(t.Context(), 5)
		if err != nil || len(latest) != 5 {
			t.Fatalf("latest: %v, %v", latest, err)
		}
		var queues []string
		for i := range latest {
			queues = append(queues, latest[i].Queue)
		}
		if want := []string{"third", "third", "second", "second", "first"}; !slices.Equal(queues, want) {
			t.Errorf("latest: %v, want %v", queues, want)
		}
		if match, err := m.Match(t.Context(), latest[4].ID); err != nil || !slices.Equal(match.Players(), latest[4].Players()) {
			t.Errorf("the match of that id: %+v, %v", match, err)
		}
	})
}
