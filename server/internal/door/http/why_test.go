package httpdoor

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// The reason why a ticket waits, and the first tick that may match it, in all cases.
func TestWhyATicketWaits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	gap := 350.5
	nearest := &matchq.Ticket{Player: "bob"}
	in := func(d time.Duration) time.Time { return now.Add(d) }
	cases := map[string]struct {
		change   func(w *wait)
		want     string
		earliest time.Time
	}{
		"the next tick":       {func(*wait) {}, "the next tick is in 2s", in(2 * time.Second)},
		"ended":               {func(w *wait) { w.Ticket.State = matchq.Expired }, "", in(2 * time.Second)},
		"proposed":            {func(w *wait) { w.Ticket.State = matchq.Proposed }, "its match waits for all players to accept", in(2 * time.Second)},
		"paused":              {func(w *wait) { w.queue.Paused = true }, "the queue is paused", time.Time{}},
		"players are missing": {func(w *wait) { w.Rules.Rules.Size = 9 }, "players missing for a match: 5", time.Time{}},
		"the policy left it over": {
			func(w *wait) { w.queue.NextTick = time.Time{} },
			"the policy left it over, and no other match is possible until another player joins", time.Time{},
		},
		"a rule for a while": {
			func(w *wait) { w.Rule, w.MeetIn, w.Gap, w.nearest = "skill", 11500*time.Millisecond, &gap, nearest },
			`the rule "skill" keeps it apart from the nearest, bob (350.5 away), for another 12s; the tick after that is in 12s`, in(12 * time.Second),
		},
		"a rule until a tick": {
			func(w *wait) { w.Rule, w.MeetIn, w.nearest = "lang", 7*time.Second, nearest },
			`the rule "lang" keeps it apart from the nearest, bob, for another 7s; the tick after that is in 7s`, in(7 * time.Second),
		},
		"a rule, and no windows": {
			func(w *wait) { w.Rule, w.MeetIn, w.Rules.Rules.Interval = "skill", 9*time.Second, matchq.AtOnce },
			`the rule "skill" keeps it apart from the nearest, ticket t2, for another 9s; the tick after that is in 9s`, in(9 * time.Second),
		},
		"a rule for longer than it lives": {
			func(w *wait) { w.Rule, w.MeetIn, w.Ticket.ExpiresAt = "skill", time.Hour, in(3*time.Second) },
			`the rule "skill" keeps it apart from the nearest, ticket t2, for another 1h; it expires before that, in 3s`, in(time.Hour + 2*time.Second),
		},
		"a rule for ever": {
			func(w *wait) { w.Rule, w.MeetIn = "skill", matchq.Never },
			`the rule "skill" keeps it apart from all 3 others that were looked at; it waits for somebody else to join`, time.Time{},
		},
		"a rule for ever, and one other": {
			func(w *wait) { w.Rule, w.MeetIn, w.Others, w.nearest = "skill", matchq.Never, 1, nearest },
			`the rule "skill" keeps it apart from the only other player, bob; it waits for somebody else to join`, time.Time{},
		},
		"a window that is longer than its life": {
			func(w *wait) { w.Ticket.ExpiresAt = in(time.Second) },
			"it expires at the next tick, in 2s", time.Time{},
		},
		"a life that has ended, until the window": {
			func(w *wait) { w.Ticket.ExpiresAt = in(-time.Minute) },
			"it expires at the next tick, in 2s", time.Time{},
		},
		"a rule for longer than until that tick": {
			func(w *wait) { w.Rule, w.MeetIn, w.Ticket.ExpiresAt = "skill", time.Hour, in(-time.Second) },
			`the rule "skill" keeps it apart from the nearest, ticket t2, for another 1h; it expires at the next tick, in 2s`, time.Time{},
		},
		"too few of many": {
			func(w *wait) { w.Permitted, w.Rules.Rules.Size = 1, 4 },
			"the rules let it meet 1 of 3 others now, and a match needs 3", in(2 * time.Second),
		},
	}
	for name, c := range cases {
		w := &wait{
			Explanation: &matchq.Explanation{
				Ticket: matchq.Ticket{ID: "t1", State: matchq.Waiting, EnqueuedAt: in(-time.Second), Waited: time.Second},
				Rules:  matchq.StoredRules{Rules: matchq.Rules{Size: 2, Interval: 5 * time.Second}},
				Others: 3, Permitted: 3, Candidate: "t2",
			},
			queue: &matchq.Queue{Waiting: 4, NextTick: in(2 * time.Second), NextTickIn: 2 * time.Second},
		}
		c.change(w)
		if code, got := w.reason(); got != c.want || (code == "") != (got == "") {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
		if got := w.earliest(); !got.Equal(c.earliest) {
			t.Errorf("%s: the earliest tick is at %v, not %v", name, got, c.earliest)
		}
	}
}
