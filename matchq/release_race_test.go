package matchq_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var releaseRaces = flag.Int("release-races", 300, "how often TestReleaseRacesAnEnqueue releases a match")

// enqueueBeside queues a player, whatever else happens to that player.
func enqueueBeside(ctx context.Context, m *matchq.Matcher, player string) error {
	_, err := m.Enqueue(ctx, matchq.Request{Queue: "race", Player: player})
	if _, duplicate := errors.AsType[*matchq.DuplicateError](err); duplicate {
		return nil
	}
	return err
}

// A Release races an Enqueue of its players, ticks and another Release. No player ever has two live tickets.
func TestReleaseRacesAnEnqueue(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Interval: matchq.AtOnce, Retention: time.Minute})
	other := newMatcher(t, env, matchq.Config{Retention: time.Minute})
	ctx := t.Context()
	for round := range *releaseRaces {
		players := []string{fmt.Sprint("a", round%5), fmt.Sprint("b", round%3)}
		for _, player := range players {
			if err := enqueueBeside(ctx, m, player); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Tick(ctx, "race"); err != nil {
			t.Fatal(err)
		}
		last, err := m.RecentMatches(ctx, 1)
		if err != nil || len(last) == 0 {
			t.Fatal(last, err)
		}
		var group sync.WaitGroup
		failed := make(chan error, 9)
		for _, work := range []func() error{
			func() error { _, _, err := m.Release(ctx, last[0].ID, ""); return err },
			func() error { _, _, err := other.Release(ctx, last[0].ID, ""); return err },
			func() error { return enqueueBeside(ctx, m, last[0].Players()[0]) },
			func() error { return enqueueBeside(ctx, other, last[0].Players()[1]) },
			func() error { _, err := other.Tick(ctx, "race"); return err },
		} {
			group.Go(func() { failed <- work() })
		}
		group.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if round%100 == 0 || round == *releaseRaces-1 {
			oneLiveTicketEach(t, env, checkAudit(t, m))
		}
	}
}

// oneLiveTicketEach compares the tickets that live with the players who have one.
func oneLiveTicketEach(t *testing.T, env *matchqtest.Env, audit matchq.AuditReport) {
	t.Helper()
	live := 0
	m := newMatcher(t, env, matchq.Config{Retention: time.Minute})
	for i := range 5 {
		for _, player := range []string{fmt.Sprint("a", i), fmt.Sprint("b", i)} {
			got, err := m.TicketOf(t.Context(), player)
			if err == nil && !got.State.Ended() {
				live++
			} else if err != nil && !errors.Is(err, matchq.ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	if int64(live) != audit.Waiting+audit.Proposed {
		t.Fatalf("%d players have a live ticket, but %d tickets live", live, audit.Waiting+audit.Proposed)
	}
}

// The reply of a Release, or of an Assign, is lost with its connection: the driver makes the call again.
func TestReleaseAndAssignWithoutAReply(t *testing.T) {
	env := matchqtest.Real(t)
	proxy := testkit.NewProxy(t, env.Server.Addr)
	m, err := matchq.New(proxy.Client(t), matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	release(t, m, matchOf(t, m, "history", "eve", "fay"))
	match := matchOf(t, m, "maths", "alice", "bob")
	proxy.LoseReplies(testkit.HashOf(t, "match/assign"), 2)
	if _, err := m.Assign(t.Context(), match.ID, matchq.Assignment{Connection: "here"}); err != nil {
		t.Fatal(err)
	}
	proxy.LoseReplies(testkit.HashOf(t, "match/release"), 2)
	for _, r := range release(t, m, match) {
		if r.Err != nil || r.Ticket.State != matchq.Waiting {
			t.Errorf("result %+v", r)
		}
	}
	var kinds []matchq.State
	for _, ev := range eventsOf(t, m) {
		kinds = append(kinds, ev.Kind)
	}
	if want := []matchq.State{matchq.Matched, matchq.Released, matchq.Matched, matchq.Assigned, matchq.Released}; !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	if audit := checkAudit(t, m); audit.Waiting != 4 {
		t.Errorf("audit: %+v", audit.Stats)
	}
}

// A full Redis takes assignments, and dissolves a proposed match, whose tickets wait again. It refuses to release a match that
// was made: the new tickets take memory as enqueues do. Nothing has changed then.
func TestReleaseAndAssignWhileRedisIsFull(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	asks := newMatcher(t, env, matchq.Config{})
	ctx := t.Context()
	if _, err := asks.SetRules(ctx, "maths", matchq.Rules{ReadyTimeout: time.Minute}, matchq.Edit{By: "test"}); err != nil {
		t.Fatal(err)
	}
	made, proposed := matchOf(t, m, "history", "alice", "bob"), matchOf(t, m, "maths", "cy", "dan")
	free := fill(t, env.Client)
	if _, err := m.Assign(ctx, made.ID, matchq.Assignment{Connection: "here"}); err != nil {
		t.Errorf("assign: %v", err)
	}
	_, _, err := m.Release(ctx, made.ID, "")
	var refused *matchq.RefusedError
	if !errors.As(err, &refused) || refused.Code != "OOM" || refused.Unknown {
		t.Errorf("release: %v", err)
	}
	if got, err := m.Match(ctx, made.ID); err != nil || got.State != made.State || got.Released != nil {
		t.Errorf("after that: %+v, %v", got, err)
	}
	for _, r := range release(t, m, proposed) {
		if r.Err != nil || r.Ticket.State != matchq.Waiting {
			t.Errorf("a ticket of the proposed match: %+v", r)
		}
	}
	checkAudit(t, m)
	free()
	release(t, m, made)
	release(t, m, proposed) // once more changes nothing
	checkAudit(t, m)
}
