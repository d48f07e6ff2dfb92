// Package notify tells players about their tickets, on any node they are connected to.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

const (
	group = "match_status" // all nodes are its workers

	// claimAfter is how long a node may work on an entry before another node takes it over. Message keys keep players
	// from hearing twice.
	claimAfter = 3 * time.Second
)

// Notifier consumes the events of the namespace in a group that all nodes share: each event goes to one node, and to
// another one if that dies.
type Notifier struct {
	Matcher  *matchq.Matcher
	Presence *presence.Presence
	Sessions *sessions.Registry
	Log      *slog.Logger

	// Preview returns the questions that come with a match, for the players of a room; nil if there are none.
	Preview func(set, room string) []questions.Public

	// EndGame ends the game of a match that was released, and of which players hear after that. nil for no games.
	EndGame func(ctx context.Context, room string) error

	// Observers get events after the players have heard of them, one call at a time. Each event goes to one node, and
	// comes again only if the node or Redis goes away meanwhile. They must return quickly.
	Observers []func([]matchq.Event)

	lastObserved string // the event that observers had last
}

// Run consumes events until ctx ends. worker must be globally unique.
func (n *Notifier) Run(ctx context.Context, worker string) {
	for ctx.Err() == nil {
		err := n.Matcher.ConsumeTogether(ctx, group, worker, claimAfter, n.handle)
		if err == nil || ctx.Err() != nil {
			return
		}
		n.Log.Error("players are not notified, retrying", "error", err)
		_ = redisconn.Pause(ctx, time.Second)
	}
}

// handle tells the players of events, and then the observers. An entry that comes again, because Redis lost the
// acknowledgement, is the newest one; observers skip it.
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

// deliver tells the players of events. It fails only if ctx has ended or Redis is away.
func (n *Notifier) deliver(ctx context.Context, events []matchq.Event) error {
	if err := n.endGames(ctx, events); err != nil {
		return err
	}
	found, err := redisconn.Retry(ctx, func() (map[string]sessions.Player, error) { return n.find(ctx, events) })
	if err != nil {
		return err
	}
	return n.sendAll(ctx, n.messagesOf(ctx, events, found))
}

// messagesOf are the messages about events to the players of their tickets.
func (n *Notifier) messagesOf(ctx context.Context, events []matchq.Event, found map[string]sessions.Player) []presence.Message {
	sids := make(map[string]string, len(found))
	for name, p := range found {
		sids[name] = p.SID
	}
	var messages []presence.Message
	queues := queueStates{}
	for i := range events {
		ev := &events[i]
		tickets, newsTo := ev.Tickets(), n.newsOf(ev, sids)
		for k := range tickets {
			t := &tickets[k]
			if !byConnection(t) {
				if !found[t.Player].Reachable {
					continue
				}
				messages = append(messages, messageTo(t, n.queued(ctx, t, queues))) // unless the player knows
			}
			if ev.Kind == matchq.Assigned || ev.Kind == matchq.Released { // likewise: another node may be about to tell it
				messages = append(messages, messageTo(t, n.matchNews(ev.Match, sids).to(t)))
			}
			if ev.Kind == matchq.Released && t.Successor == "" {
				continue // the player has gone on
			}
			messages = append(messages, messageTo(t, newsTo(t)))
		}
	}
	return messages
}

// sendAll sends messages at once, or one by one if Presence refuses some: the attributes of many players may be too large.
func (n *Notifier) sendAll(ctx context.Context, messages []presence.Message) error {
	err := n.send(ctx, messages...)
	if _, refused := errors.AsType[*matchq.InvalidError](err); !refused {
		return err
	}
	for _, msg := range messages {
		err := n.send(ctx, msg)
		if _, refused := errors.AsType[*matchq.InvalidError](err); refused {
			n.Log.Error("a player is not notified", "event", msg.Event, "error", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// endGames ends the games of matches that were released.
func (n *Notifier) endGames(ctx context.Context, events []matchq.Event) error {
	for i := range events {
		if ev := &events[i]; ev.Kind == matchq.Released && n.EndGame != nil {
			_, err := redisconn.Retry(ctx, func() (struct{}, error) { return struct{}{}, n.EndGame(ctx, ev.Match.Room) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// send posts messages and retries while Redis is away.
func (n *Notifier) send(ctx context.Context, messages ...presence.Message) error {
	_, err := redisconn.Retry(ctx, func() (struct{}, error) { return struct{}{}, n.Presence.Send(ctx, messages...) })
	return err
}

// newsOf returns how to get the news of an event for the player of one of its tickets.
func (n *Notifier) newsOf(ev *matchq.Event, sids map[string]string) func(*matchq.Ticket) News {
	switch {
	case ev.Kind == matchq.Proposed:
		return func(t *matchq.Ticket) News { return Proposed(t, ev.Match) }
	case ev.Kind == matchq.Assigned:
		return func(t *matchq.Ticket) News { return Assigned(t, ev.Match, ev.ID) }
	case ev.Kind == matchq.Released:
		return func(t *matchq.Ticket) News { return released(t, ev.Reason) }
	case ev.Kind == matchq.Restored:
		return func(t *matchq.Ticket) News { return Restored(t, ev.Reason) }
	case ev.Match != nil:
		return n.matchNews(ev.Match, sids).to
	default:
		return unmatched
	}
}

func messageTo(t *matchq.Ticket, news News) presence.Message {
	return presence.Message{Player: t.Player, Event: news.Event, DedupKey: news.Key, Data: news.Data}
}

// find returns where those players are whose connections the news names, or who are told only if they are connected.
func (n *Notifier) find(ctx context.Context, events []matchq.Event) (map[string]sessions.Player, error) {
	var players []string
	for i := range events {
		tickets := events[i].Tickets()
		for k := range tickets {
			if events[i].Match != nil && events[i].Kind != matchq.Proposed || !byConnection(&tickets[k]) {
				players = append(players, tickets[k].Player)
			}
		}
	}
	found, err := n.Sessions.Find(ctx, players...)
	byName := make(map[string]sessions.Player, len(found))
	for _, p := range found {
		byName[p.ID.Name] = p
	}
	return byName, err
}
