// Package watch follows the events of the namespace for this node's long polls and event streams. They may wait on any
// node, whichever one took the ticket, so every node follows every event.
package watch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Watcher wakes the requests that wait for a ticket on this node. After events were missed it looks up every ticket
// that a request or a connection of this node waits for.
type Watcher struct {
	Matcher  *matchq.Matcher
	Sessions *sessions.Registry
	Notifier *notify.Notifier // writes the news for players
	Log      *slog.Logger
	Observe  func(*matchq.Event) // is called with each event; nil for nothing

	// Rooms says which rooms Redis no longer has. Nobody is told of lost rooms if it is nil.
	Rooms interface {
		Missing(ctx context.Context, ids []string) (map[string]bool, error)
		Recheck(ctx context.Context, ids []string)
		EndRisen(ctx context.Context, over []sessions.Over) error
	}

	mu      sync.Mutex
	doubted chan struct{}
	waiters map[string]map[chan Update]bool // by ticket
}

// refusedPause is the time between attempts to follow events that Redis refuses to show.
const refusedPause = 200 * time.Millisecond

// Run follows the events after a position until ctx ends. While Redis is away it waits.
func (w *Watcher) Run(ctx context.Context, position string) {
	var looking sync.WaitGroup
	looking.Go(func() { w.lookAgain(ctx) })
	defer looking.Wait()
	for ctx.Err() == nil {
		var gap bool
		if position, gap = w.follow(ctx, position); ctx.Err() != nil {
			return
		}
		end, _ := redisconn.Retry(ctx, func() (string, error) { return w.Matcher.Position(ctx) })
		if gap {
			position = end
		}
		w.Doubt()
		w.Log.Info("events go on")
	}
}

// follow dispatches events until Redis is away or events are missing, and returns its position.
func (w *Watcher) follow(ctx context.Context, position string) (at string, gap bool) {
	for ev, err := range w.Matcher.Watch(ctx, position) {
		if wire.RefusalOf(err) != nil { // which is logged elsewhere
			w.Log.Debug("no events while redis refuses", "error", err)
			_ = redisconn.Pause(ctx, refusedPause)
			return position, false
		}
		if errors.Is(err, matchq.ErrUnavailable) {
			w.Log.Warn("redis is away: no events until it answers", "error", err)
			return position, false
		}
		if err != nil {
			w.Log.Warn("events were missed: looking up every ticket", "error", err)
			return position, true
		}
		w.dispatch(&ev)
		position = ev.ID
	}
	return position, false
}

func (w *Watcher) dispatch(ev *matchq.Event) {
	if w.Observe != nil {
		w.Observe(ev)
	}
	tickets := ev.Tickets()
	for i := range tickets {
		t := tickets[i]
		t.Match = ev.Match
		w.wake(t.ID, Update{Ticket: t})
		if lives := t.State == matchq.Waiting || t.State == matchq.Proposed; !lives {
			w.Sessions.EndTicket(t.ID)
		}
	}
}
