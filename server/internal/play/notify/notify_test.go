package notify_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

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

// An entry that comes again, because its acknowledgement was lost, reaches observers once.
func TestToldOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		hook := &deaf{}
		env.Client.AddHook(hook)
		m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan matchq.Event, 9)
		p, err := presence.New(m, presence.Config{})
		if err != nil {
			t.Fatal(err)
		}
		registry, err := sessions.New(p, sessions.Config{Timeout: matchqtest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		n := &notify.Notifier{Matcher: m, Presence: p, Sessions: registry, Log: slog.New(slog.DiscardHandler), Observers: []func([]matchq.Event){func(events []matchq.Event) {
			for i := range events {
				told <- events[i]
			}
		}}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			n.Run(ctx, "worker")
		}()
		end := func(player string) {
			ticket, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: player})
			if err == nil {
				err = m.Cancel(t.Context(), ticket.ID, "")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		end("alice")
		matchqtest.Eventually(t, "the event came again", func() bool { return hook.acknowledged.Load() == 2 })
		end("bob")
		for _, player := range []string{"alice", "bob"} {
			select {
			case ev := <-told:
				if ev.Ticket.Player != player {
					t.Errorf("told of %s, want %s", ev.Ticket.Player, player)
				}
			case <-time.After(matchqtest.Patience):
				t.Fatalf("not told of %s", player)
			}
		}
		cancel()
		<-ended
	})
}
