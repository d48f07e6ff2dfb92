// Package notify tells players what becomes of their tickets, wherever they are connected.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

const (
	group = "match_status" // all nodes are its workers

	// claimAfter is how long a node may take to tell of an entry before another one does; players are told once all
	// the same.
	claimAfter = 3 * time.Second
)

// Notifier reads the events of the namespace as one of the nodes that share this work. What a node leaves undone another
// one does.
type Notifier struct {
	Matcher  *matchq.Matcher
	Sessions *sessions.Registry
	Log      *slog.Logger

	// Preview returns the questions of a questionnaire that the players of a room get with their match; nil if there are
	// none.
	Preview func(set, room string) []questions.Public

	// Observers are called with events after players have been told of them, one call at a time: each event on one node, and
	// again only if a node or Redis goes away in between. They must return quickly.
	Observers []func([]matchq.Event)

	lastObserved string // the event that Told were called with last
}

// Run works until ctx ends. worker must be a name that no other node has.
func (n *Notifier) Run(ctx context.Context, worker string) {
	for ctx.Err() == nil {
		err := n.Matcher.ConsumeTogether(ctx, group, worker, claimAfter, n.handle)
		if err == nil || ctx.Err() != nil {
			return
		}
		n.Log.Error("players are not told what became of their tickets, trying again", "error", err)
		_ = redisconn.Pause(ctx, time.Second)
	}
}

// handle tells the players of some events, and then who listens. What comes again because Redis did not take the
// acknowledgement is the entry that came last, and the listeners know it.
func (n *Notifier) handle(ctx context.Context, events []matchq.Event) error {
	if err := n.deliver(ctx, events); err != nil {
		return err
	}
	if last := events[len(events)-1].ID; last != n.lastObserved {
		n.lastObserved = last
		for _, told := range n.Observers {
			told(events)
		}
	}
	return nil
}

// deliver tells the players of some events. It returns an error only if Redis is away or the end has come.
func (n *Notifier) deliver(ctx context.Context, events []matchq.Event) error {
	sids, err := redisconn.Retry(ctx, func() (map[string]string, error) { return n.Sessions.SIDs(ctx, matchedPlayers(events)...) })
	if err != nil {
		return err
	}
	var messages []matchq.Message
	for i := range events {
		ev := &events[i]
		tickets := ev.Tickets()
		for k := range tickets {
			if t := &tickets[k]; t.WhileOnline || wire.OriginOf(t).ByConnection() {
				messages = append(messages, n.messageOf(ev, t, sids))
			}
		}
	}
	err = n.send(ctx, messages...)
	if _, ok := errors.AsType[*matchq.InvalidError](err); !ok {
		return err
	}
	for _, msg := range messages {
		if err := n.send(ctx, msg); err != nil {
			if _, ok := errors.AsType[*matchq.InvalidError](err); !ok {
				return err
			}
			n.Log.Error("a player is not told", "event", msg.Event, "error", err) // attributes of many may be too much
		}
	}
	return nil
}

// send posts messages, waiting for Redis if it must.
func (n *Notifier) send(ctx context.Context, messages ...matchq.Message) error {
	_, err := redisconn.Retry(ctx, func() (struct{}, error) { return struct{}{}, n.Matcher.Post(ctx, messages...) })
	return err
}

// messageOf is what the player of a ticket is told of an event.
func (n *Notifier) messageOf(ev *matchq.Event, t *matchq.Ticket, sids map[string]string) matchq.Message {
	var news News
	switch ev.Kind {
	case matchq.Proposed:
		news = Proposed(t, ev.Match)
	case matchq.Restored:
		news = Restored(t, ev.Reason)
	default:
		news = n.endedNews(t, ev.Match, sids)
	}
	return matchq.Message{Player: t.Player, Event: news.Event, Key: news.Key, Data: news.Data}
}

// matchedPlayers are those whose connections the others of their match are told.
func matchedPlayers(events []matchq.Event) []string {
	var players []string
	for i := range events {
		if events[i].Kind == matchq.Matched {
			players = append(players, events[i].Match.Players()...)
		}
	}
	return players
}
