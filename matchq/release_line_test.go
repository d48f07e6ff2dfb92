package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// Released players stand at the head of the line, those who have waited longest first, also when a batch is under way, and
// in a paused queue.
func TestReleasedPlayersStandInFront(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Limit: 32})
		ctx := t.Context()
		one := matchOf(t, m, "history", "a", "b")
		nextMillisecond(t, env)
		two := matchOf(t, m, "history", "c", "d")
		if err := m.Pause(ctx, "history"); err != nil {
			t.Fatal(err)
		}
		release(t, m, two)
		release(t, m, one)
		line := lineOf(t, m, env, "history")
		slices.Sort(line[:2]) // those of one millisecond may come either way
		slices.Sort(line[2:])
		if want := []string{"a", "b", "c", "d"}; !slices.Equal(line, want) {
			t.Errorf("the line is %v, want %v", line, want)
		}
		checkAudit(t, m)
		if err := m.Resume(ctx, "history"); err != nil {
			t.Fatal(err)
		}

		three := matchOf(t, m, "maths", "e", "f")
		if _, err := m.SetRules(ctx, "maths", matchq.Rules{Policy: "picky", Source: picky}, matchq.Edit{By: "test"}); err != nil {
			t.Fatal(err)
		}
		for i := range 80 {
			_, err := m.Enqueue(ctx, matchq.Request{Queue: "maths", Player: fmt.Sprint(i), Rating: new(float64(i))})
			if err != nil {
				t.Fatal(err)
			}
		}
		report, err := m.TickOnce(ctx, "maths")
		if err != nil || !report.More {
			t.Fatalf("no batch is under way: %+v, %v", report, err)
		}
		release(t, m, three)
		checkAudit(t, m)
		for range 2 {
			if _, err := m.TickQueue(ctx, "maths"); err != nil {
				t.Fatal(err)
			}
		}
		checkAudit(t, m)
		if got, err := m.Queue(ctx, "maths"); err != nil || got.Waiting != 80 {
			t.Errorf("the queue is %+v, %v", got, err)
		}
	})
}

// All data of a released match goes with it, and no key stays behind.
func TestSequelsAreForgotten(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second, TTL: matchq.Never})
	asks := newMatcher(t, env, matchq.Config{Retention: time.Second})
	ctx := t.Context()
	match := matchOf(t, m, "history", "alice", "bob")
	if _, err := m.Assign(ctx, match.ID, matchq.Assignment{Connection: "x"}); err != nil {
		t.Fatal(err)
	}
	results := release(t, m, match)
	if _, err := asks.SetRules(ctx, "maths", matchq.Rules{ReadyTimeout: time.Minute}, matchq.Edit{By: "test"}); err != nil {
		t.Fatal(err)
	}
	proposed := matchOf(t, m, "maths", "cy", "dan")
	release(t, m, proposed)
	key := "{" + env.Namespace + "}:"
	if kept := env.Client.HLen(ctx, key+"sequels").Val(); kept != 2 {
		t.Errorf("%d sequels", kept)
	}
	env.Embedded.SetTime(now.Add(time.Second))
	for more := true; more; {
		var err error
		if more, err = m.Forget(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if keys := env.Client.Exists(ctx, key+"sequels", key+"proposals").Val(); keys != 0 {
		t.Errorf("%d keys stay", keys)
	}
	if _, _, err := m.Release(ctx, match.ID, ""); !errors.Is(err, matchq.ErrNotFound) {
		t.Errorf("release after the retention: %v", err)
	}
	for _, r := range results {
		if got, err := m.Ticket(ctx, r.Ticket.ID); err != nil || got.State != matchq.Waiting {
			t.Errorf("the new ticket: %+v, %v", got, err)
		}
	}
	checkAudit(t, m)
}

// A ticket that is released has its time to live anew, by its own or by the rules', how often it may be.
func TestReleasedTicketsLiveAnew(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	began := now
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{TTL: 10 * time.Second})
	ctx := t.Context()
	for _, r := range []matchq.Request{
		{Queue: "q", Player: "own", TTL: 20 * time.Second, WhileOnline: true, Attributes: json.RawMessage(`{"a":1}`)}, {Queue: "q", Player: "usual"},
		{Queue: "q", Player: "never", TTL: matchq.Never}, {Queue: "q", Player: "moved", WaitingSince: now.Add(-time.Minute)},
	} {
		r.WhileOnline = false
		if _, err := m.Enqueue(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		now = now.Add(7 * time.Second)
		env.Embedded.SetTime(now)
		if _, err := m.Tick(ctx, "q"); err != nil {
			t.Fatal(err)
		}
		for _, player := range []string{"own", "never"} {
			old, err := m.TicketOf(ctx, player)
			if err != nil || old.Match == nil {
				t.Fatalf("%s: %+v, %v", player, old, err)
			}
			for _, r := range release(t, m, *old.Match) {
				want, since := now.Add(10*time.Second), began
				switch r.Ticket.Player {
				case "own":
					want = now.Add(20 * time.Second)
				case "never":
					want = time.Time{}
				case "moved":
					since = began.Add(-time.Minute)
				}
				if !r.Ticket.ExpiresAt.Equal(want) || !r.Ticket.EnqueuedAt.Equal(since) || r.Ticket.Waited != now.Sub(since) {
					t.Errorf("%+v must expire at %v and wait since %v", r.Ticket, want, since)
				}
			}
		}
		checkAudit(t, m)
	}
}

// A match that was not played does not keep its players apart; one before it does.
func TestReleasedPlayersHaveNotMet(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": {
			Policy: "rules", Rules: []rules.Rule{{Type: rules.Avoid, Last: 3}},
		}}})
		ctx := t.Context()
		matchOf(t, m, "history", "alice", "bob")
		matchOf(t, m, "history", "alice", "cy")
		match := matchOf(t, m, "history", "alice", "dan")
		release(t, m, match)
		if _, err := m.Tick(ctx, "history"); err != nil {
			t.Fatal(err)
		}
		if got, err := m.TicketOf(ctx, "alice"); err != nil || got.State != matchq.Matched || !slices.Contains(got.Match.Players(), "dan") {
			t.Fatalf("they don't meet: %+v, %v", got, err)
		}
		enqueue(t, m, "history", "alice")
		enqueue(t, m, "history", "cy")
		if _, err := m.Tick(ctx, "history"); err != nil {
			t.Fatal(err)
		}
		if got, err := m.TicketOf(ctx, "alice"); err != nil || got.State != matchq.Waiting {
			t.Errorf("they meet again: %+v, %v", got, err)
		}
		checkAudit(t, m)
	})
}

// The time that a player has waited elsewhere counts, up to a day and not ahead of Redis's clock; the place is at the end.
func TestWaitingSince(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{TTL: time.Minute})
		ctx := t.Context()
		now := time.Now()
		ago := func(d time.Duration) time.Time { return now.Add(-d) }
		enqueue(t, m, "q", "first")
		lone, err := m.Enqueue(ctx, matchq.Request{Queue: "q", Player: "lone", WaitingSince: ago(time.Hour), ID: "lone"})
		if err != nil {
			t.Fatal(err)
		}
		results, err := m.EnqueueAll(ctx, []matchq.Request{
			{Queue: "q", Player: "usual"}, {Queue: "q", Player: "moved", WaitingSince: ago(time.Minute), TTL: matchq.Never},
			{Queue: "q", Player: "old", WaitingSince: ago(48 * time.Hour)}, {Queue: "q", Player: "early", WaitingSince: ago(-time.Hour)},
		})
		if err != nil {
			t.Fatal(err)
		}
		made := []matchq.Ticket{lone}
		for _, r := range results {
			made = append(made, r.Ticket)
		}
		for i, want := range []time.Duration{time.Hour, 0, time.Minute, 24 * time.Hour, 0} {
			got, err := m.Ticket(ctx, made[i].ID)
			if err != nil || !got.EnqueuedAt.Equal(made[i].EnqueuedAt) || !got.ExpiresAt.Equal(made[i].ExpiresAt) || got.Waited.Round(10*time.Second) != want {
				t.Errorf("%s: %+v, made as %+v, %v; want %v", got.Player, got, made[i], err, want)
			}
			if left := got.ExpiresAt.Sub(got.EnqueuedAt.Add(got.Waited)); got.Player != "moved" && left.Round(10*time.Second) != time.Minute {
				t.Errorf("%s lives for %v", got.Player, left)
			}
		}
		if want := []string{"first", "lone", "usual", "moved", "old", "early"}; !slices.Equal(lineOf(t, m, env, "q"), want) {
			t.Errorf("the line is %v", lineOf(t, m, env, "q"))
		}
		again, err := m.Enqueue(ctx, matchq.Request{Queue: "q", Player: "lone", WaitingSince: ago(time.Minute), ID: "lone"})
		if err != nil || !again.Repeated || !again.EnqueuedAt.Equal(lone.EnqueuedAt) {
			t.Errorf("repeated: %+v, %v", again, err)
		}
		var invalid *matchq.InvalidError
		if _, err := m.Enqueue(ctx, matchq.Request{Queue: "q", Player: "x", WaitingSince: time.Unix(-1, 0)}); !errors.As(err, &invalid) {
			t.Errorf("before 1970: %v", err)
		}
		checkAudit(t, m)
	})
}

// An enqueue of a player who had waited, and whose answer is lost, is void like others.
func TestWaitingSinceIsVoid(t *testing.T) {
	env := matchqtest.Real(t)
	proxy := testkit.NewProxy(t, env.Server.Addr)
	calm := newMatcher(t, env, matchq.Config{})
	m, err := matchq.New(proxy.Client(t), matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, m, "q", "before")
	proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), 9)
	_, err = m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "alice", WaitingSince: time.Now().Add(-time.Hour)})
	var unknown *matchq.UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("enqueue without an answer: %v", err)
	}
	matchqtest.Eventually(t, "the ticket is void", func() bool {
		got, err := calm.Ticket(t.Context(), unknown.TicketID)
		return err == nil && got.State == matchq.Cancelled && got.Reason == matchq.ReasonVoid
	})
	checkAudit(t, calm)
}

// A release at every step of a batch in ranks leaves nobody behind.
func TestReleaseWhileABatchInRanksIsUnderWay(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		l := newLarge(t, env, matchq.Config{Limit: 128}, 0)
		var matches []matchq.Match
		for i := range 8 {
			ids := l.join(fmt.Sprint("early ", i, " "), 1000+i, 1000+i)
			if _, err := l.m.Tick(t.Context(), largeQueue); err != nil {
				t.Fatal(err)
			}
			got, err := l.m.Ticket(t.Context(), ids[0])
			if err != nil || got.Match == nil {
				t.Fatalf("not matched: %+v, %v", got, err)
			}
			matches = append(matches, *got.Match)
		}
		l.join("crowd", upTo(300)...) // all apart
		released := 0
		for more := true; more; {
			report, err := l.m.TickOnce(t.Context(), largeQueue)
			if err != nil {
				t.Fatal(err)
			}
			if more = report.More; more && released < len(matches) {
				release(t, l.m, matches[released])
				released++
			}
			checkAudit(t, l.m)
		}
		if released < 3 {
			t.Fatalf("%d releases within the batch", released)
		}
		line := lineOf(t, l.m, env, largeQueue)
		for i := range 2 * released {
			if !slices.ContainsFunc(matches, func(m matchq.Match) bool { return slices.Contains(m.Players(), line[i]) }) {
				t.Errorf("%s stands in front at %d", line[i], i)
			}
		}
		if _, err := l.m.TickQueue(t.Context(), largeQueue); err != nil {
			t.Fatal(err)
		}
		if got, err := l.m.Queue(t.Context(), largeQueue); err != nil || got.Waiting != 300 {
			t.Errorf("the released are not matched: %+v, %v", got, err)
		}
		checkAudit(t, l.m)
	})
}
