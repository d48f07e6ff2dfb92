// Package sessions knows who is connected to this node: by which connection each player can be told, and whose ticket
// to give up when a connection has been broken for too long.
package sessions

import (
	"encoding/json"

	"github.com/matchq/matchq/server/internal/identity"
	"github.com/matchq/matchq/server/internal/ids"
)

// Close codes. Clients come back by themselves after all but the last two.
const (
	CloseGoingAway    = 1001 // the server stops
	CloseOverload     = 1013 // the connection is too slow
	CloseUnauthorized = 4401 // the client has not proven who it is, or its proof has ended
	CloseReplaced     = 4409 // the player has connected anew
)

// Transport is the connection itself, whatever it speaks. Its methods may be called by many goroutines; they must not
// block, and not call back.
type Transport interface {
	// Send answers the client.
	Send(event string, data json.RawMessage)
	// Push tells it something unasked. seq says where that stands among what its player was told; "" if nowhere.
	Push(event, seq string, data json.RawMessage)
	Close(code int, reason string)
}

// Session is one connection. It belongs to nobody until it names its player.
type Session struct {
	SID     string // names it to others; never authority
	Address string // of the client, for rate limits
	Who     identity.Identity

	index     *Index
	transport Transport

	// Guarded by index.mu.
	player   *player // nil until a player is named
	id       ids.ID  // as the player wrote it
	busy     bool    // a request is being handled
	held     []push  // what waits for its end
	told     string  // the last ticket whose end the client knows
	bye      bool    // the client has taken its leave: it hears nothing more
	caughtUp bool    // the client knows what became of its player's ticket before it connected
}

// push is what the client is told unasked.
type push struct {
	ticketID, event string // the ticket is one whose end it tells
	data            json.RawMessage
}

// Begin holds pushes back until End, so that they come after the answer to the request that is handled: a player is
// told of a match after being told of having been queued.
func (s *Session) Begin() {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.busy = true
}

// End sends what was held back.
func (s *Session) End() {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.busy = false
	for _, p := range s.held {
		s.deliver(p)
	}
	s.held = nil
}

// Push tells the client how a ticket ended, once; or something else, if ticketID is empty.
func (s *Session) Push(ticketID, event string, data json.RawMessage) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	p := push{ticketID, event, data}
	if s.busy {
		s.held = append(s.held, p)
		return
	}
	s.deliver(p)
}

// deliver is called under the index's lock, so that pushes keep their order.
func (s *Session) deliver(p push) {
	if s.bye || p.ticketID != "" && s.told == p.ticketID {
		return
	}
	if p.ticketID != "" {
		s.told = p.ticketID
	}
	s.transport.Push(p.event, "", p.data)
}

// Told says that the client learns by an answer how a ticket ended, and needs no push.
func (s *Session) Told(ticketID string) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.told = ticketID
}

// Knows says whether the client knows how a ticket ended.
func (s *Session) Knows(ticketID string) bool {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	return s.told == ticketID
}

// Bye says that the client closes the connection. What it was told before has reached it; of a connection that just
// breaks that is not sure, and its player is told again.
func (s *Session) Bye() {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.bye = true
}

// Send answers the client.
func (s *Session) Send(event string, data json.RawMessage) { s.transport.Send(event, data) }

// Player is whose connection it is, if it has said so.
func (s *Session) Player() (ids.ID, bool) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	return s.id, s.player != nil
}

// CatchUp says whether the client has yet to learn what became of its player's ticket before it connected.
func (s *Session) CatchUp() bool {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	return !s.caughtUp
}

// CaughtUp says that it has learned it.
func (s *Session) CaughtUp() {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.caughtUp = true
}
