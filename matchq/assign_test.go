package matchq_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// sameAssignment fails the test if an assignment is another one.
func sameAssignment(t *testing.T, where string, match *matchq.Match, want matchq.Assignment) {
	t.Helper()
	if match == nil || match.Assignment == nil || match.Assignment.Connection != want.Connection ||
		string(match.Assignment.Data) != string(want.Data) {
		t.Errorf("%s: %+v, want the assignment %+v", where, match, want)
	}
}

// Every reader of a match sees its assignment, and one event tells of each.
func TestAssign(t *testing.T) {
	for name, ready := range map[string]time.Duration{"without a ready check": 0, "with a ready check": time.Minute} {
		t.Run(name, func(t *testing.T) {
			matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
				m := newMatcher(t, env, matchq.Config{ReadyTimeout: ready})
				ctx := t.Context()
				match := matchOf(t, m, "history", "alice", "bob")
				for _, player := range match.Players() {
					if _, err := m.Accept(ctx, match.ID, player); ready > 0 && err != nil {
						t.Fatal(err)
					}
				}
				first := matchq.Assignment{Connection: "203.0.113.5:7777"}
				second := matchq.Assignment{Connection: `wss://x/<&>"\`, Data: json.RawMessage(` {"map": "dust", "key":[1,2]} `)}
				for _, a := range []matchq.Assignment{first, first, second, second} {
					if _, err := m.Assign(ctx, match.ID, a); err != nil {
						t.Fatal(err)
					}
				}
				second.Data = json.RawMessage(`{"map":"dust","key":[1,2]}`)
				got, err := m.Match(ctx, match.ID)
				if err != nil || got.State != matchq.Matched {
					t.Fatalf("match: %+v, %v", got, err)
				}
				sameAssignment(t, "the match", &got, second)
				old, err := m.Ticket(ctx, match.Tickets[1].ID)
				if err != nil {
					t.Fatal(err)
				}
				sameAssignment(t, "a ticket", old.Match, second)
				if got, err = m.Accept(ctx, match.ID, "bob"); ready > 0 && err != nil {
					t.Fatal(err)
				} else if ready > 0 {
					sameAssignment(t, "a late answer", &got, second)
				}
				var told []matchq.Event
				for _, ev := range eventsOf(t, m) {
					if ev.Kind == matchq.Assigned {
						told = append(told, ev)
					}
				}
				if len(told) != 2 {
					t.Fatalf("%d events", len(told))
				}
				sameAssignment(t, "the first event", told[0].Match, first)
				sameAssignment(t, "the second event", told[1].Match, second)
				of := told[1].Match.Tickets[1]
				if of.State != matchq.Matched || of.Version != old.Version || of.Waited != old.Waited || !told[1].Match.MadeAt.Equal(old.Match.MadeAt) {
					t.Errorf("its ticket is %+v, not %+v", of, old)
				}
				if recent, err := m.RecentMatches(ctx, 9); err != nil || len(recent) != 1 {
					t.Errorf("matches: %+v, %v", recent, err)
				}
				if past, err := m.TicketEvents(ctx, &old); err != nil || past[len(past)-1].Kind != matchq.Matched {
					t.Errorf("events of the ticket: %+v, %v", past, err)
				}
				release(t, m, match)
				if _, err := m.Assign(ctx, match.ID, second); !errors.Is(err, matchq.ErrReleased) {
					t.Errorf("assigned after its release: %v", err)
				}
				if got, err = m.Match(ctx, match.ID); err != nil {
					t.Fatal(err)
				}
				sameAssignment(t, "the released match", &got, second)
				checkAudit(t, m)
			})
		})
	}
}

func TestAssignmentsAreBounded(t *testing.T) {
	deep := json.RawMessage(strings.Repeat("[", 33) + strings.Repeat("]", 33))
	for field, a := range map[string]matchq.Assignment{
		"connection must be 1":     {},
		"connection must be 1 ":    {Connection: strings.Repeat("x", matchq.MaxConnection+1)},
		"connection must be UTF-8": {Connection: "\xff"},
		"data must be JSON":        {Connection: "x", Data: json.RawMessage("{")},
		"data must be at most":     {Connection: "x", Data: json.RawMessage(`"` + strings.Repeat("x", matchq.MaxAttributes) + `"`)},
		"data must":                {Connection: "x", Data: deep},
	} {
		err := a.Validate()
		var invalid *matchq.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("%q: %v", field, err)
		}
	}
	a := matchq.Assignment{Connection: strings.Repeat("x", matchq.MaxConnection), Data: json.RawMessage(`"` + strings.Repeat("x", matchq.MaxAttributes-2) + `"`)}
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
}

// Workers get the events as watchers do, and Wait takes a released ticket for what it is: matched.
func TestWorkersHearOfAssignmentsAndReleases(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		match := matchOf(t, m, "history", "alice", "bob")
		if _, err := m.Assign(ctx, match.ID, matchq.Assignment{Connection: "here", Data: json.RawMessage(`{"a":"\n\t"}`)}); err != nil {
			t.Fatal(err)
		}
		newer := enqueue(t, m, "maths", "bob")
		next := release(t, m, match)[0].Ticket
		var want []matchq.Event
		for _, ev := range eventsOf(t, m) {
			if ev.Kind == matchq.Assigned || ev.Kind == matchq.Released {
				want = append(want, ev)
			}
		}
		o := quick("work")
		o.Kinds = []matchq.State{matchq.Assigned, matchq.Released}
		o.Concurrency = 1
		got := make(chan matchq.Event, 9)
		done := make(chan error)
		go func() {
			done <- m.Consume(ctx, o, func(_ context.Context, ev matchq.Event) error {
				got <- ev
				return nil
			})
		}()
		for _, event := range want {
			ev := <-got
			ev.Delivery = event.Delivery
			if !reflect.DeepEqual(ev, event) {
				t.Errorf("worked on %+v %+v\nbut watched %+v %+v", ev, ev.Match, event, event.Match)
			}
		}
		old, err := m.Wait(ctx, match.Tickets[0].ID)
		if err != nil || old.State != matchq.Matched || old.Successor != next.ID {
			t.Errorf("waited for the old ticket: %+v, %v", old, err)
		}
		for _, id := range []string{next.ID, newer.ID} {
			if err := m.Cancel(ctx, id, "enough"); err != nil {
				t.Error(err)
			}
			if ended, err := m.Wait(ctx, id); err != nil || ended.State != matchq.Cancelled {
				t.Errorf("waited for a new ticket: %+v, %v", ended, err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
