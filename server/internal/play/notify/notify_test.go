package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

type line chan string

func (l line) Send(event string, data json.RawMessage)    { l <- event + string(data) }
func (l line) Push(event, _ string, data json.RawMessage) { l.Send(event, data) }
func (l line) Close(int, string)                          {}

// deaf is a Redis whose acknowledgement of an acknowledgement is lost, once.
type deaf struct{ acknowledged atomic.Int64 }

func (d *deaf) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *deaf) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *deaf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "xack" && d.acknowledged.Add(1) == 1 {
			return io.ErrUnexpectedEOF
		}
		return next(ctx, cmd)
	}
}

// What is handed to the same node again because its acknowledgement was lost is told to listeners once.
func TestToldOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		hook := &deaf{}
		env.Client.AddHook(hook)
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan matchq.Event, 9)
		n := &notify.Notifier{Matcher: m, Log: slog.New(slog.DiscardHandler), Told: []func([]matchq.Event){func(events []matchq.Event) {
			for i := range events {
				told <- events[i]
			}
		}}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			n.Post(ctx, "worker")
		}()
		end := func(player string) {
			ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: player})
			if err == nil {
				err = m.Cancel(t.Context(), ticket.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		end("alice")
		redistest.Eventually(t, "the event came again", func() bool { return hook.acknowledged.Load() == 2 })
		end("bob")
		for _, player := range []string{"alice", "bob"} {
			if ev := <-told; ev.Ticket.Player != player {
				t.Errorf("told of %s, want %s", ev.Ticket.Player, player)
			}
		}
		cancel()
		<-ended
	})
}

// Events are missing, as after a failover to a Redis that had not seen all: who waits is told all the same, once.
func TestGap(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace})
		if err != nil {
			t.Fatal(err)
		}
		index := sessions.NewIndex()
		node, err := m.NewNode(matchq.NodeConfig{OnMessage: index.Message, OnReplaced: index.Replaced})
		if err != nil {
			t.Fatal(err)
		}
		index.Attach(node)
		alice := make(line, 9)
		session := index.Open("sid", "", identity.Identity{}, alice)
		if err := index.Bind(t.Context(), session, wire.ID{Name: "alice"}); err != nil {
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
		session.Waits(aliceID)
		waiters := notify.NewWaiters()
		news, forget := waiters.Wait(bobID)
		defer forget()
		lost, forgetLost := waiters.Wait("lost")
		defer forgetLost()
		if _, err := m.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		n := &notify.Notifier{Matcher: m, Index: index, Waiters: waiters, Log: slog.New(slog.DiscardHandler)}
		go func() {
			defer close(ended)
			n.Run(ctx, "9999999999999-0") // ahead of the stream
		}()
		if got := <-alice; !strings.Contains(got, "MATCHED") {
			t.Errorf("alice was told %s", got)
		}
		if got := <-news; got.Ticket.State != matchq.Matched || got.Ticket.Match == nil {
			t.Errorf("who waits for bob was told %+v", got)
		}
		if got := <-lost; got.Err == nil {
			t.Errorf("who waits for a lost ticket was told %+v", got)
		}
		posted, ran := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(posted)
			n.Post(ctx, "worker") // what alice knows she is not told again
		}()
		go func() {
			defer close(ran)
			if err := node.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		if id := enqueue("alice"); m.Cancel(t.Context(), id) != nil { // events go on
			t.Error("can't cancel")
		}
		if got := <-alice; !strings.Contains(got, "CANCELLED") {
			t.Errorf("alice was told %s", got)
		}
		cancel()
		<-ended
		<-posted
		<-ran
	})
}
