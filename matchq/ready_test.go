package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// asking is a configuration with long deadlines.
var asking = matchq.Config{ReadyTimeout: time.Hour}

// propose ticks a queue and returns its one proposed match.
func propose(t *testing.T, m *matchq.Matcher, queue string) matchq.Match {
	t.Helper()
	before := position(t, m)
	report, err := m.Tick(t.Context(), queue)
	if err != nil || report.Matches != 1 {
		t.Fatalf("tick: %+v, %v", report, err)
	}
	ev := take(t, m, before, 1)[0]
	if ev.Kind != matchq.Proposed || ev.Match == nil || ev.Match.State != matchq.Proposed || ev.MatchID != ev.Match.ID {
		t.Fatalf("event: %+v", ev)
	}
	return *ev.Match
}

// accept accepts a match and checks the match's state after that.
func accept(t *testing.T, m *matchq.Matcher, match, player string, state matchq.State) matchq.Match {
	t.Helper()
	got, err := m.Accept(t.Context(), match, player)
	if err != nil || got.State != state || got.ID != match {
		t.Fatalf("accept by %s: %+v, %v", player, got, err)
	}
	return got
}

// acceptInTime has n new players proposed and one of them accept, before a short deadline is over: again and again, since a
// machine may stall for longer.
func acceptInTime(t *testing.T, m *matchq.Matcher, queue string, n, who int) (match matchq.Match) {
	t.Helper()
	round := 0
	matchqtest.Eventually(t, "a player accepts in time", func() bool {
		round++
		for i := range n {
			enqueue(t, m, queue, fmt.Sprintf("%s-%d-%d", queue, round, i))
		}
		match = propose(t, m, queue)
		_, err := m.Accept(t.Context(), match.ID, match.Tickets[who].Player)
		if err != nil && !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Fatal(err)
		}
		return err == nil
	})
	return match
}

// checkState checks a ticket's state.
func checkState(t *testing.T, m *matchq.Matcher, id string, state matchq.State, version int) matchq.Ticket {
	t.Helper()
	got, err := m.Ticket(t.Context(), id)
	if err != nil || got.State != state || got.Version != version {
		t.Fatalf("ticket %s must be %s in version %d, but is %+v, %v", id, state, version, got, err)
	}
	return got
}

func TestReadyAllAccept(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, asking)
		a, b := enqueue(t, m, "history", "alice"), enqueue(t, m, "history", "bob")
		match := propose(t, m, "history")
		if match.Deadline.Sub(match.MadeAt) != time.Hour || !slices.Equal(match.Players(), []string{"alice", "bob"}) {
			t.Errorf("proposed: %+v", match)
		}
		got := checkState(t, m, a.ID, matchq.Proposed, 2)
		if got.Match == nil || got.Match.ID != match.ID || got.Match.State != matchq.Proposed || !got.EndedAt.IsZero() {
			t.Errorf("ticket: %+v", got)
		}
		var duplicate *matchq.DuplicateError
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "music", Player: "alice"})
		if !errors.As(err, &duplicate) || duplicate.Ticket.ID != a.ID || duplicate.Ticket.State != matchq.Proposed {
			t.Errorf("a proposed player queues: %v", err)
		}
		queue, err := m.Queue(t.Context(), "history")
		if err != nil || queue.Waiting != 0 || queue.Proposed != 2 || !queue.NextTick.IsZero() {
			t.Errorf("queue: %+v, %v", queue, err)
		}
		checkAudit(t, m)

		before := position(t, m)
		half := accept(t, m, match.ID, "alice", matchq.Proposed)
		accept(t, m, match.ID, "alice", matchq.Proposed)
		if !slices.Equal(half.Accepted, []string{"alice"}) || !half.Deadline.Equal(match.Deadline) {
			t.Errorf("half accepted: %+v", half)
		}
		made := accept(t, m, match.ID, "bob", matchq.Matched)
		accept(t, m, match.ID, "bob", matchq.Matched)
		ev := take(t, m, before, 1)[0]
		if ev.Kind != matchq.Matched || ev.MatchID != match.ID || ev.Match.ID != match.ID || ev.Match.Room != match.Room {
			t.Errorf("event: %+v", ev)
		}
		if !slices.Equal(made.Players(), match.Players()) || made.Room != match.Room || !made.Deadline.IsZero() {
			t.Errorf("made: %+v", made)
		}
		got = checkState(t, m, b.ID, matchq.Matched, 3)
		if got.Match.ID != match.ID || got.Match.State != matchq.Matched {
			t.Errorf("ticket: %+v", got)
		}
		var matched *matchq.MatchedError
		if err := m.Decline(t.Context(), match.ID, "alice"); !errors.As(err, &matched) || matched.Match.ID != match.ID {
			t.Errorf("decline after the match: %v", err)
		}
		for _, stranger := range []string{"carol", "", "."} {
			if _, err := m.Accept(t.Context(), match.ID, stranger); !errors.Is(err, matchq.ErrNotFound) {
				t.Errorf("accept by %q: %v", stranger, err)
			}
		}
		audit := checkAudit(t, m)
		if audit.Matched != 2 || audit.Matches != 1 || audit.Proposed != 0 || audit.Waiting != 0 {
			t.Errorf("audit: %+v", audit)
		}
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Error(err)
		}
		if queues, err := m.Queues(t.Context()); err != nil || len(queues) != 0 {
			t.Errorf("queues: %+v, %v", queues, err)
		}
		checkAudit(t, m)
	})
}

// The original author's first case: B is in a proposal while C needs an opponent.
func TestReadyBIsTakenWhileCWantsB(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, asking)
		enqueue(t, m, "history", "A")
		b := enqueue(t, m, "history", "B")
		match := propose(t, m, "history")
		c := enqueue(t, m, "history", "C")
		report, err := m.Tick(t.Context(), "history")
		if err != nil || report.Matches != 0 || report.Left != 1 {
			t.Fatalf("B was offered to C: %+v, %v", report, err)
		}
		checkState(t, m, c.ID, matchq.Waiting, 1)
		accept(t, m, match.ID, "A", matchq.Proposed)
		accept(t, m, match.ID, "B", matchq.Matched)
		if report, err := m.Tick(t.Context(), "history"); err != nil || report.Matches != 0 || report.Left != 1 {
			t.Fatalf("B was offered to C after the match: %+v, %v", report, err)
		}
		if got := checkState(t, m, b.ID, matchq.Matched, 3); !slices.Equal(got.Match.Players(), []string{"A", "B"}) {
			t.Errorf("B is in %+v", got.Match)
		}
		checkState(t, m, c.ID, matchq.Waiting, 1)
		checkWaiting(t, m, "history", 1)
		checkAudit(t, m)
	})
}

// The second case: B cancels after a match with A, and A is back in the queue, with its place and its EnqueuedAt.
func TestReadyBCancelsAfterBeingMatchedWithA(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, asking)
		a, b := enqueue(t, m, "history", "A"), enqueue(t, m, "history", "B")
		match := propose(t, m, "history")
		c := enqueue(t, m, "history", "C")
		before := position(t, m)
		if err := m.Cancel(t.Context(), b.ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := m.Cancel(t.Context(), b.ID, ""); err != nil {
			t.Errorf("again: %v", err)
		}
		if got := checkState(t, m, b.ID, matchq.Cancelled, 3); got.Reason != matchq.ReasonDeclined {
			t.Errorf("B: %+v", got)
		}
		got := checkState(t, m, a.ID, matchq.Waiting, 3)
		if !got.EnqueuedAt.Equal(a.EnqueuedAt) || !got.ExpiresAt.Equal(a.ExpiresAt) || got.Match != nil {
			t.Errorf("A was %+v and is %+v", a, got)
		}
		for _, ev := range take(t, m, before, 2) {
			want := map[matchq.State]string{matchq.Restored: a.ID, matchq.Cancelled: b.ID}[ev.Kind]
			if ev.Ticket == nil || ev.Ticket.ID != want || ev.Reason != matchq.ReasonDeclined || ev.MatchID != match.ID {
				t.Errorf("event: %+v", ev)
			}
		}
		if _, err := m.Accept(t.Context(), match.ID, "A"); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("accept of a failed proposal: %v", err)
		}
		if err := m.Decline(t.Context(), match.ID, "A"); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("decline of a failed proposal: %v", err)
		}
		if err := m.Decline(t.Context(), match.ID, "B"); err != nil {
			t.Errorf("decline again: %v", err)
		}
		gone, err := m.Match(t.Context(), match.ID)
		if err != nil || gone.State != matchq.Cancelled || !slices.Equal(idsOf(gone.Tickets), []string{a.ID, b.ID}) {
			t.Errorf("match: %+v, %v", gone, err)
		}
		checkAudit(t, m)
		// A is still ahead of C.
		if next := propose(t, m, "history"); !slices.Equal(idsOf(next.Tickets), []string{a.ID, c.ID}) {
			t.Errorf("proposed next: %v", next.Players())
		}
		checkState(t, m, a.ID, matchq.Proposed, 4)
		checkAudit(t, m)
	})
}

// A player who has accepted may still decline, as long as not all have accepted.
func TestReadyDeclineAfterAccept(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, asking)
		a, b := enqueue(t, m, "history", "A"), enqueue(t, m, "history", "B")
		match := propose(t, m, "history")
		accept(t, m, match.ID, "A", matchq.Proposed)
		if err := m.Decline(t.Context(), match.ID, "A"); err != nil {
			t.Fatal(err)
		}
		checkState(t, m, a.ID, matchq.Cancelled, 3)
		checkState(t, m, b.ID, matchq.Waiting, 3)
		if again := enqueue(t, m, "history", "A"); again.ID == a.ID { // is not refused
			t.Errorf("A got the old ticket: %+v", again)
		}
		if next := propose(t, m, "history"); !slices.Equal(next.Players(), []string{"B", "A"}) {
			t.Errorf("proposed: %v", next.Players())
		}
		checkAudit(t, m)
	})
}

func TestReadyTimeIsOver(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: 100 * time.Millisecond, Interval: time.Hour, Size: 3})
		match := acceptInTime(t, m, "history", 3, 1)
		a, b, c := match.Tickets[0], match.Tickets[1], match.Tickets[2]
		before := position(t, m)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		for _, ev := range take(t, m, before, 3) {
			if ev.Reason != matchq.ReasonNoAnswer || ev.MatchID != match.ID || (ev.Kind == matchq.Restored) != (ev.Ticket.ID == b.ID) {
				t.Errorf("event: %+v", ev)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		checkState(t, m, a.ID, matchq.Cancelled, 3)
		checkState(t, m, b.ID, matchq.Waiting, 3)
		checkState(t, m, c.ID, matchq.Cancelled, 3)
		if _, err := m.Accept(t.Context(), match.ID, c.Player); !errors.Is(err, matchq.ErrReadyCheckFailed) {
			t.Errorf("late accept: %v", err)
		}
		checkWaiting(t, m, "history", 1)
		checkAudit(t, m)
	})
}

// A late answer settles a proposal that is not settled yet.
func TestReadyLateAnswers(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	for _, answer := range []string{"accept", "decline", "cancel"} {
		t.Run(answer, func(t *testing.T) {
			env.Embedded.SetTime(now)
			m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Second})
			a, b := enqueue(t, m, answer, answer+"A"), enqueue(t, m, answer, answer+"B")
			match := propose(t, m, answer)
			accept(t, m, match.ID, b.Player, matchq.Proposed)
			env.Embedded.SetTime(now.Add(time.Second))
			var err error
			switch answer {
			case "accept":
				_, err = m.Accept(t.Context(), match.ID, a.Player)
			case "decline":
				err = m.Decline(t.Context(), match.ID, a.Player)
			default:
				err = m.Cancel(t.Context(), b.ID, "") // b accepted in time: restored, and then cancelled
				if got := checkState(t, m, b.ID, matchq.Cancelled, 4); err != nil || got.Reason != "" {
					t.Errorf("cancel: %+v, %v", got, err)
				}
				err = matchq.ErrReadyCheckFailed
			}
			if !errors.Is(err, matchq.ErrReadyCheckFailed) {
				t.Errorf("late %s: %v", answer, err)
			}
			if got := checkState(t, m, a.ID, matchq.Cancelled, 3); got.Reason != matchq.ReasonNoAnswer {
				t.Errorf("A: %+v", got)
			}
			checkAudit(t, m)
		})
	}
}
