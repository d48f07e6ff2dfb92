package notify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// maxAnnounced is how many tickets wait to be announced. News of a ticket above it say first that it waits.
const maxAnnounced = 8192

// pace is the time between rounds. Without it a stream of tickets has a call to Redis for each few of them: those that come
// while one is under way.
const pace = 20 * time.Millisecond

// Announcer tells connected players of their tickets that came by HTTP. It works beside the requests, for many tickets
// at a time, so that they are not slower for it.
type Announcer struct {
	*Notifier
	Grace time.Duration // a ticket that ended longer ago is not news

	wake      chan struct{}
	mu        sync.Mutex
	made      []matchq.Ticket
	connected []*sessions.Session
}

// NewAnnouncer makes an Announcer, which works while Run runs.
func NewAnnouncer(n *Notifier, grace time.Duration) *Announcer {
	a := &Announcer{Notifier: n, Grace: grace, wake: make(chan struct{}, 1)}
	n.Sessions.OnBind(a.playerConnected)
	return a
}

// TicketMade takes a new ticket. It returns at once.
func (a *Announcer) TicketMade(t *matchq.Ticket) {
	if byConnection(t) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.made) < maxAnnounced {
		a.made = append(a.made, *t)
	}
	a.begin()
}

// playerConnected takes a session that is bound to its player.
func (a *Announcer) playerConnected(s *sessions.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connected = append(a.connected, s)
	a.begin()
}

func (a *Announcer) begin() {
	select {
	case a.wake <- struct{}{}:
	default: // it will see all
	}
}

// Run announces tickets until ctx ends.
func (a *Announcer) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		gather.Settle(maxAnnounced, a.count)
		a.mu.Lock()
		made, connected := a.made, a.connected
		a.made, a.connected = nil, nil
		a.mu.Unlock()
		if err := a.announce(ctx, made); err != nil && ctx.Err() == nil {
			a.Log.Warn("players hear late that their tickets wait", "tickets", len(made), "error", err)
		}
		if err := a.welcome(ctx, connected); err != nil && ctx.Err() == nil {
			a.Log.Warn("players were not told of their tickets on connecting", "players", len(connected), "error", err)
		}
		_ = redisconn.Pause(ctx, pace)
	}
}

// count is the number of tickets and sessions that wait.
func (a *Announcer) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.made) + len(a.connected)
}

// announce tells those players who are connected that their tickets wait.
func (a *Announcer) announce(ctx context.Context, made []matchq.Ticket) error {
	if len(made) == 0 {
		return nil
	}
	players := make([]string, len(made))
	for i := range made {
		players[i] = made[i].Player
	}
	found, err := a.Sessions.Find(ctx, players...)
	if err != nil {
		return err
	}
	var messages []presence.Message
	queues := queueStates{}
	for i := range made {
		if found[i].Reachable {
			messages = append(messages, messageTo(&made[i], a.queued(ctx, &made[i], queues)))
		}
	}
	return a.Presence.Send(ctx, messages...)
}

// welcome tells players who have just connected of the tickets that came by HTTP before.
func (a *Announcer) welcome(ctx context.Context, connected []*sessions.Session) error {
	if len(connected) == 0 {
		return nil
	}
	players := make([]string, len(connected))
	for i, s := range connected {
		player, _ := s.Player()
		players[i] = player.Name
	}
	found, err := a.Matcher.TicketsOf(ctx, players...)
	if err != nil {
		return err
	}
	queues := queueStates{}
	for i, s := range connected {
		news, failed := a.newsOnConnecting(ctx, s, found[i], queues)
		if failed != nil && !errors.Is(failed, matchq.ErrNotFound) {
			err = failed
		}
		for _, n := range news {
			s.Push(n.Key, n.Event, n.Data)
		}
	}
	return err
}

// newsOnConnecting is the message about the latest ticket to a player who connects.
func (a *Announcer) newsOnConnecting(ctx context.Context, s *sessions.Session, found matchq.Result, queues queueStates) ([]News, error) {
	t, err := &found.Ticket, found.Err
	if err == nil && t.State != matchq.Waiting {
		if s.Knows(sessions.EndKey(t.ID)) {
			return nil, nil
		}
		*t, err = a.Matcher.TicketOf(ctx, t.Player)
	}
	if err != nil || byConnection(t) || t.State.Ended() && (t.EndedAgo > a.Grace || IsReleased(t)) {
		return nil, err
	}
	news := []News{a.queued(ctx, t, queues)}
	switch t.State {
	case matchq.Waiting:
	case matchq.Proposed:
		news = append(news, Proposed(t, t.Match))
	default:
		news = append(news, a.Ended(ctx, t))
	}
	return news, nil
}

// byConnection reports whether a ticket belongs to a connection. Its player is told in any case, also after the
// connection has ended.
func byConnection(t *matchq.Ticket) bool { return t.WhileOnline || wire.OriginOf(t).ByConnection() }

// queueStates are the states of queues that were read for some news; nil for one that could not be read.
type queueStates map[string]*matchq.Queue

// queued says that a ticket waits; of one whose predecessor's match was released, that it waits again.
func (n *Notifier) queued(ctx context.Context, t *matchq.Ticket, known queueStates) News {
	if t.Predecessor != "" {
		reason := ""
		if was, err := n.Matcher.Ticket(ctx, t.Predecessor); err == nil && IsReleased(&was) {
			reason = was.Match.Released.Reason
		}
		return waitsAgain(t.ID, t, reason)
	}
	if _, ok := known[t.Queue]; !ok {
		known[t.Queue] = nil
		if queue, err := n.Matcher.Queue(ctx, t.Queue); err == nil {
			known[t.Queue] = &queue
		}
	}
	return News{sessions.QueuedKey(t.ID), StatusEvent, wire.Encode(Queued(t, known[t.Queue]))}
}
