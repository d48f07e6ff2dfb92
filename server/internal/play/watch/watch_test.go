package watch_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
	"github.com/matchq/matchq/server/internal/play/watch"
)

type line chan string

func (l line) Send(event string, data json.RawMessage)    { l <- event + string(data) }
func (l line) Push(event, _ string, data json.RawMessage) { l.Send(event, data) }
func (l line) Close(int, string)                          {}

// next is the next value of a channel.
func next[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(matchqtest.Patience):
		t.Fatal("nothing comes")
	}
	return got
}

// Events are missing, as after a failover to a stale replica: waiting requests and players still get their tickets'
// outcomes, once.
func TestGap(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		p, err := presence.New(m, presence.Config{})
		if err != nil {
			t.Fatal(err)
		}
		registry, err := sessions.New(p, sessions.Config{Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		alice := make(line, 9)
		session := registry.Open("sid", "", identity.Identity{}, alice)
		if err := registry.Bind(t.Context(), session, wire.ID{Name: "alice"}); err != nil {
			t.Fatal(err)
		}
		enqueue := func(player string) string {
			ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: player, ReplyTo: "ss.sid"})
			if err != nil {
				t.Fatal(err)
			}
			return ticket.ID
		}
		aliceID, bobID := enqueue("alice"), enqueue("bob")
		session.SetTicket(aliceID)
		log := slog.New(slog.DiscardHandler)
		n := &notify.Notifier{Matcher: m, Presence: p, Sessions: registry, Log: log}
		w := &watch.Watcher{Matcher: m, Sessions: registry, Notifier: n, Log: log}
		news, forget := w.Wait(bobID)
		defer forget()
		lost, forgetLost := w.Wait("lost")
		defer forgetLost()
		if _, err := m.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(ctx, "9999999999999-0") // ahead of the stream
		}()
		if got := next(t, alice); !strings.Contains(got, "MATCHED") {
			t.Errorf("alice was told %s", got)
		}
		if got := next(t, news); got.Ticket.State != matchq.Matched || got.Ticket.Match == nil {
			t.Errorf("the waiter for bob got %+v", got)
		}
		if got := next(t, lost); got.Err == nil {
			t.Errorf("the waiter for a lost ticket got %+v", got)
		}
		posted, ran := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(posted)
			n.Run(ctx, "worker") // alice does not get the same outcome again
		}()
		go func() {
			defer close(ran)
			if err := registry.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		if id := enqueue("alice"); m.Cancel(t.Context(), id, "") != nil { // new events
			t.Error("can't cancel")
		}
		if got := next(t, alice); !strings.Contains(got, "CANCELLED") {
			t.Errorf("alice was told %s", got)
		}
		cancel()
		<-ended
		<-posted
		<-ran
	})
}
