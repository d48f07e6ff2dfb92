package matchq_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// matchOf queues some players and matches them, or has them proposed.
func matchOf(t *testing.T, m *matchq.Matcher, queue string, players ...string) matchq.Match {
	t.Helper()
	var last matchq.Ticket
	for _, player := range players {
		last = enqueue(t, m, queue, player)
	}
	if _, err := m.Tick(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	got, err := m.Ticket(t.Context(), last.ID)
	if err != nil || got.Match == nil {
		t.Fatalf("not matched: %+v, %v", got, err)
	}
	return *got.Match
}

// release releases a match or ends the test.
func release(t *testing.T, m *matchq.Matcher, match matchq.Match) []matchq.Result {
	t.Helper()
	_, results, err := m.Release(t.Context(), match.ID, "")
	if err != nil || len(results) != len(match.Tickets) {
		t.Fatalf("release: %+v, %v", results, err)
	}
	return results
}

// lineOf returns the players of a queue in line.
func lineOf(t *testing.T, m *matchq.Matcher, env *matchqtest.Env, queue string) []string {
	t.Helper()
	var line []string
	for _, list := range []string{"passed", "waiting"} {
		for _, id := range env.Client.LRange(t.Context(), "{"+env.Namespace+"}:"+list+":"+queue, 0, -1).Val() {
			if got, err := m.Ticket(t.Context(), id); err == nil && got.State == matchq.Waiting {
				line = append(line, got.Player)
			}
		}
	}
	return line
}

// nextMillisecond waits until Redis's clock has moved.
func nextMillisecond(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	now := func() int64 {
		at, err := env.Client.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMilli()
	}
	began := now()
	matchqtest.Eventually(t, "the clock moves", func() bool { return now() > began })
}

// eventsOf returns all events kept. It adds a ticket that is cancelled, whose event it leaves out.
func eventsOf(t *testing.T, m *matchq.Matcher) []matchq.Event {
	t.Helper()
	ctx := t.Context()
	marker := enqueue(t, m, "marker", "marker")
	if err := m.Cancel(ctx, marker.ID, ""); err != nil {
		t.Fatal(err)
	}
	var events []matchq.Event
	for ev, err := range watch(t, m, matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Ticket != nil && ev.Ticket.ID == marker.ID {
			break
		}
		events = append(events, ev)
	}
	return events
}

func TestReleasedPlayersWaitAgain(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{TTL: time.Minute})
		ctx := t.Context()
		match := matchOf(t, m, "history", "alice", "bob")
		enqueue(t, m, "history", "cy")
		before, err := m.Ticket(ctx, match.Tickets[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		results := release(t, m, match)
		for i, r := range results {
			old := match.Tickets[i]
			if r.Err != nil || r.Ticket.State != matchq.Waiting || r.Ticket.Player != old.Player || r.Ticket.Predecessor != old.ID ||
				!r.Ticket.EnqueuedAt.Equal(old.EnqueuedAt) || r.Ticket.ExpiresAt.Before(old.ExpiresAt) || r.Ticket.Version != 1 {
				t.Errorf("new ticket of %+v: %+v", old, r)
			}
			got, err := m.TicketOf(ctx, old.Player)
			if err != nil || got.ID != r.Ticket.ID {
				t.Errorf("latest ticket: %+v, %v", got, err)
			}
		}
		if got := lineOf(t, m, env, "history"); !slices.Equal(got, []string{"alice", "bob", "cy"}) {
			t.Errorf("the line is %v", got)
		}
		after, err := m.Ticket(ctx, before.ID)
		if err != nil || after.State != matchq.Matched || after.Version != before.Version || after.Successor != results[0].Ticket.ID ||
			after.Match.Released == nil || after.Match.Released.Reason != matchq.ReasonReleased || !after.EndedAt.Equal(before.EndedAt) {
			t.Errorf("old ticket: %+v %+v, %v", after, after.Match, err)
		}
		events := eventsOf(t, m)
		told := events[len(events)-1]
		if told.Kind != matchq.Released || told.MatchID != match.ID || told.Reason != matchq.ReasonReleased ||
			told.Match.Tickets[1].Successor != results[1].Ticket.ID || told.Match.Tickets[1].State != matchq.Matched || !told.Match.MadeAt.Equal(match.MadeAt) {
			t.Errorf("event: %+v %+v", told, told.Match)
		}
		audit := checkAudit(t, m)
		if audit.Enqueued != 6 || audit.Waiting != 3 || audit.Cancelled != 1 || audit.Matched != 2 || audit.Matches != 1 {
			t.Errorf("audit: %+v", audit.Stats)
		}
	})
}

// A release without a reply is made again, and answers the same.
func TestReleaseTwiceIsOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		hook := &testkit.Repeater{}
		env.Client.AddHook(hook)
		m := newMatcher(t, env, matchq.Config{})
		release(t, m, matchOf(t, m, "maths", "eve", "fay")) // from now on Redis knows the script
		match := matchOf(t, m, "history", "alice", "bob")
		hook.Next("match/release", nil)
		first := release(t, m, match)
		if !hook.Stop() {
			t.Fatal("the call was not repeated")
		}
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		second := release(t, m, match)
		if first[0].Ticket.ID != second[0].Ticket.ID || second[0].Ticket.State != matchq.Matched || second[1].Ticket.State != matchq.Matched {
			t.Errorf("released again: %+v, then %+v", first, second)
		}
		if audit := checkAudit(t, m); audit.Enqueued != 8 {
			t.Errorf("audit: %+v", audit.Stats)
		}
		if events := eventsOf(t, m); len(events) != 5 {
			t.Errorf("%d events, want two more than a match, its release and another match", len(events))
		}
	})
}

func TestReleaseOfAProposedMatchRestores(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Minute})
		ctx := t.Context()
		match := matchOf(t, m, "history", "alice", "bob")
		if _, err := m.Assign(ctx, match.ID, matchq.Assignment{Connection: "x"}); !errors.Is(err, matchq.ErrProposed) {
			t.Errorf("assign: %v", err)
		}
		if _, err := m.Accept(ctx, match.ID, "alice"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // it is safe to repeat
			got, results, err := m.Release(ctx, match.ID, "no_server")
			if err != nil || got.State != matchq.Cancelled || got.Released == nil {
				t.Fatalf("release: %+v, %v", got, err)
			}
			for i, r := range results {
				if r.Err != nil || r.Ticket.ID != match.Tickets[i].ID || r.Ticket.State != matchq.Waiting || r.Ticket.Version != 3 {
					t.Errorf("restored: %+v", r)
				}
			}
		}
		if _, err := m.Accept(ctx, match.ID, "bob"); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("accept: %v", err)
		}
		if _, err := m.Assign(ctx, match.ID, matchq.Assignment{Connection: "x"}); !errors.Is(err, matchq.ErrReleased) {
			t.Errorf("assign: %v", err)
		}
		var kinds []matchq.State
		for _, ev := range eventsOf(t, m) {
			kinds = append(kinds, ev.Kind)
			if ev.Kind == matchq.Restored && (ev.Reason != "no_server" || ev.MatchID != match.ID) {
				t.Errorf("event: %+v", ev)
			}
		}
		if !slices.Equal(kinds, []matchq.State{matchq.Proposed, matchq.Restored, matchq.Restored}) {
			t.Errorf("events: %v", kinds)
		}
		checkAudit(t, m)
	})
}

// A match that fell apart by itself can't be released.
func TestReleaseIsRefused(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Minute})
		ctx := t.Context()
		match := matchOf(t, m, "history", "alice", "bob")
		if err := m.Decline(ctx, match.ID, "alice"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Release(ctx, match.ID, ""); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("release: %v", err)
		}
		if _, err := m.Assign(ctx, match.ID, matchq.Assignment{Connection: "x"}); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("assign: %v", err)
		}
		var invalid *matchq.InvalidError
		if _, _, err := m.Release(ctx, match.ID, "a\tb"); !errors.As(err, &invalid) || invalid.Field != "reason" {
			t.Errorf("a reason with a tab: %v", err)
		}
		for _, id := range []string{"x", "1-1-1", "1-1"} {
			_, _, err := m.Release(ctx, id, "")
			_, failed := m.Assign(ctx, id, matchq.Assignment{Connection: "x"})
			if !errors.Is(err, matchq.ErrNotFound) || !errors.Is(failed, matchq.ErrNotFound) {
				t.Errorf("an unknown match: %v, %v", err, failed)
			}
		}
		checkAudit(t, m)
	})
}

// A player who has gone on gets no new ticket, and the result says why.
func TestReleaseSaysWhoDoesNotReturn(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ctx := t.Context()
		match := matchOf(t, m, "history", "alice", "bob")
		newer := enqueue(t, m, "maths", "alice")
		other := matchOf(t, m, "physics", "bob", "cy")
		results := release(t, m, match)
		var duplicate *matchq.DuplicateError
		if !errors.As(results[0].Err, &duplicate) || duplicate.Ticket.ID != newer.ID {
			t.Errorf("alice waits: %+v", results[0])
		}
		var busy *matchq.BusyError
		if !errors.As(results[1].Err, &busy) || busy.Player != "bob" {
			t.Errorf("bob plays: %+v", results[1])
		}
		for _, old := range match.Tickets {
			if got, err := m.Ticket(ctx, old.ID); err != nil || got.Successor != "" || got.Match.Released == nil {
				t.Errorf("old ticket: %+v, %v", got, err)
			}
		}
		results = release(t, m, other) // whose bob has gone nowhere since
		if results[0].Err != nil || results[1].Err != nil {
			t.Errorf("release: %+v", results)
		}
		if err := m.Cancel(ctx, newer.ID, ""); err != nil {
			t.Fatal(err)
		}
		if results = release(t, m, match); !errors.As(results[0].Err, &busy) || !errors.As(results[1].Err, &duplicate) {
			t.Errorf("released again: %+v", results)
		}
		checkAudit(t, m)
	})
}

// A player who took another ticket and gave it up waits for nothing, and returns.
func TestReleaseAfterANewerTicketWasCancelled(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		match := matchOf(t, m, "history", "alice", "bob")
		newer := enqueue(t, m, "maths", "alice")
		if err := m.Cancel(t.Context(), newer.ID, ""); err != nil {
			t.Fatal(err)
		}
		if results := release(t, m, match); results[0].Err != nil || results[1].Err != nil {
			t.Errorf("release: %+v", results)
		}
		checkAudit(t, m)
	})
}
