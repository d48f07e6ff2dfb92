package sessions

import (
	"context"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/fault"
	"github.com/matchq/matchq/server/internal/identity"
	"github.com/matchq/matchq/server/internal/ids"
)

// Index finds the connection of a player. Everything in it takes the same short time however many there are.
type Index struct {
	grace  time.Duration
	giveUp func(ctx context.Context, ticketID string) error

	mu      sync.Mutex
	players map[string]*player
	closed  bool
	ctx     context.Context // of what is given up; ends when the index closes
	cancel  context.CancelFunc
	giving  sync.WaitGroup
}

// player is somebody who is connected to this node, or was until less than the grace ago.
type player struct {
	name    string
	current *Session    // nil while away
	ticket  string      // the live ticket that was asked for by a connection, "" if there is none
	told    string      // while away: the last ticket whose end the client is sure to know, "" if there is none
	away    *time.Timer // ends the grace; nil while connected
}

// NewIndex makes an Index. When somebody with a live ticket has been away for grace, giveUp is called with it, and
// again every second until it returns nil or the player is back.
func NewIndex(grace time.Duration, giveUp func(ctx context.Context, ticketID string) error) *Index {
	x := &Index{grace: grace, giveUp: giveUp, players: map[string]*player{}}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	return x
}

// Open makes a session of a connection.
func (x *Index) Open(sid, address string, who identity.Identity, t Transport) *Session {
	return &Session{SID: sid, Address: address, Who: who, index: x, transport: t}
}

// Bind makes a session the one of a player, and closes another that was. A session stays its first player's.
func (x *Index) Bind(s *Session, id ids.ID) error {
	if s.Who.Player != "" && s.Who.Player != id.Name {
		return fault.New(fault.Forbidden, "this connection has proven to be another player's")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.player != nil {
		switch {
		case s.player.name != id.Name:
			return fault.New(fault.Forbidden, "this connection is another player's: open one for each player")
		case s.player.current != s:
			return fault.New(fault.Replaced, "the player has connected anew, and this connection is closing")
		}
		return nil
	}
	p := x.players[id.Name]
	if p == nil {
		p = &player{name: id.Name}
		x.players[id.Name] = p
	}
	if p.away != nil {
		p.away.Stop()
		p.away = nil
	}
	if old := p.current; old != nil {
		p.learn(old)
		old.transport.Close(CloseReplaced, "replaced by another connection")
	}
	s.player, s.id, p.current = p, id, s
	s.told, p.told = p.told, ""
	return nil
}

// Leave says that a session's connection has ended, for whatever reason.
func (x *Index) Leave(s *Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := s.player; p != nil && p.current == s {
		p.learn(s)
		p.current = nil
		x.tidy(p)
	}
}

// learn takes over what the client of a session is sure to know.
func (p *player) learn(s *Session) {
	if s.bye {
		p.told = s.told
	}
}

// Queued says which live ticket a player got by a connection; it is given up when nobody comes back for it.
func (x *Index) Queued(name, ticketID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.players[name]
	if p == nil { // the player has left while the ticket was on its way
		p = &player{name: name}
		x.players[name] = p
	}
	p.ticket = ticketID
	x.tidy(p)
}

// Ended says that a ticket has ended and returns the session that is to hear it, if there is one.
func (x *Index) Ended(name, ticketID string) *Session {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.players[name]
	if p == nil {
		return nil
	}
	if p.ticket == ticketID {
		p.ticket = ""
		x.tidy(p)
	}
	return p.current
}

// Session is the connection that a player has to this node, nil if none.
func (x *Index) Session(name string) *Session {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.players[name]; p != nil {
		return p.current
	}
	return nil
}

// tidy starts the grace of a player who is away, and forgets one of whom there is nothing to remember.
func (x *Index) tidy(p *player) {
	if p.current != nil {
		return
	}
	if p.ticket == "" && p.told == "" || x.closed {
		if p.away != nil {
			p.away.Stop()
		}
		delete(x.players, p.name)
		return
	}
	if p.away == nil {
		p.away = time.AfterFunc(x.grace, func() { x.graceOver(p) })
	}
}

// graceOver gives the ticket of somebody up who did not come back.
//
// It knows of connections to this node only. A player who came back by another node within the grace loses the ticket
// all the same (and is told CANCELLED there), as long as nothing in Redis says who is connected: keep clients on one
// node by the load balancer.
func (x *Index) graceOver(p *player) {
	x.mu.Lock()
	ticketID := p.ticket
	if x.closed || x.players[p.name] != p || p.current != nil {
		x.mu.Unlock()
		return
	}
	p.told = "" // a match of before is none that was missed
	if ticketID == "" {
		x.tidy(p)
		x.mu.Unlock()
		return
	}
	x.giving.Add(1)
	x.mu.Unlock()
	defer x.giving.Done()

	err := x.giveUp(x.ctx, ticketID)

	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.players[p.name] != p || p.current != nil: // back meanwhile
	case err != nil && !x.closed:
		p.away = time.AfterFunc(time.Second, func() { x.graceOver(p) })
	default:
		if p.ticket == ticketID {
			p.ticket = ""
		}
		p.away = nil // it has fired; a newer ticket has its own grace
		x.tidy(p)
	}
}

// SID is the connection that a player has to this node, "" if none.
func (x *Index) SID(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.players[name]; p != nil && p.current != nil {
		return p.current.SID
	}
	return ""
}

// Tickets returns the live tickets that were asked for by connections, by player.
func (x *Index) Tickets() map[string]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	tickets := map[string]string{}
	for name, p := range x.players {
		if p.ticket != "" {
			tickets[name] = p.ticket
		}
	}
	return tickets
}

// Close ends all grace without giving anything up: a server that stops has broken those connections itself, and their
// players may come back by another node. A ticket that nobody comes back for ends by its time to live.
func (x *Index) Close() {
	x.mu.Lock()
	x.closed = true
	for _, p := range x.players {
		x.tidy(p)
	}
	x.mu.Unlock()
	x.cancel()
	x.giving.Wait()
}
