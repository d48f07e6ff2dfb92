package notify

import (
	"context"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	group = "match_status" // all nodes are its workers

	// patience is how long a node may take to tell of an entry before another one does; players are told once all
	// the same.
	patience = 3 * time.Second
)

// Post tells players what became of tickets they asked for by a connection, wherever they are connected now. All nodes
// share this work. It returns when ctx ends; worker is a name that no other node has.
func (n *Notifier) Post(ctx context.Context, worker string) {
	for ctx.Err() == nil {
		err := n.Matcher.ConsumeTogether(ctx, group, worker, patience, n.handle)
		if err == nil || ctx.Err() != nil {
			return
		}
		n.Log.Error("players are not told what became of their tickets, trying again", "error", err)
		pause(ctx, time.Second)
	}
}

// handle tells the players of some events, and then who listens. What comes again because Redis did not take the
// acknowledgement is the entry that came last, and the listeners know it.
func (n *Notifier) handle(ctx context.Context, events []matchq.Event) error {
	if err := n.post(ctx, events); err != nil {
		return err
	}
	if last := events[len(events)-1].ID; last != n.last {
		n.last = last
		for _, told := range n.Told {
			told(events)
		}
	}
	return nil
}

// post tells the players of some events. It returns an error only if Redis is away or the end has come.
func (n *Notifier) post(ctx context.Context, events []matchq.Event) error {
	sids, err := again(ctx, func() (func(string) string, error) { return SIDs(ctx, n.Matcher, matchedPlayers(events)) })
	if err != nil {
		return err
	}
	var messages []matchq.Message
	for i := range events {
		ev := &events[i]
		tickets := ev.Tickets()
		for k := range tickets {
			if t := &tickets[k]; t.WhileOnline || wire.OriginOf(t).SID != "" {
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
	_, err := again(ctx, func() (struct{}, error) { return struct{}{}, n.Matcher.Post(ctx, messages...) })
	return err
}

// messageOf is what the player of a ticket is told of an event.
func (n *Notifier) messageOf(ev *matchq.Event, t *matchq.Ticket, sids func(string) string) matchq.Message {
	msg := matchq.Message{Player: t.Player, Event: Event}
	switch ev.Kind {
	case matchq.Proposed:
		msg.Event, msg.Key = ProposedEvent, ProposedKey(t)
		msg.Data = Encode(Proposed(t, ev.Match))
	case matchq.Restored:
		msg.Key = RestoredKey(t)
		msg.Data = Encode(Restored(t, ev.Reason))
	default:
		msg.Key = EndKey(t)
		msg.Data = Encode(Ended(t, ev.Match, sids, n.Preview))
	}
	return msg
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

// again repeats a call until Redis answers or ctx ends.
func again[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for {
		value, err := call()
		if err == nil || ctx.Err() != nil || !errors.Is(err, matchq.ErrUnavailable) {
			return value, err
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
