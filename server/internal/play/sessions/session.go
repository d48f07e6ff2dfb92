// Package sessions knows who is connected to this node, by which connection, and in which order they are told.
package sessions

import (
	"encoding/json"
	"slices"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
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

// maxKnown is how many of the last things that a client knows are remembered.
const maxKnown = 4

// Session is one connection. It belongs to nobody until it names its player.
type Session struct {
	SID      string // names it to others; never authority
	Address  string // of the client, for rate limits
	Identity identity.Identity

	registry  *Registry
	transport Transport
	order     uint64 // its place among the connections of its player; 0 before it has one; guarded by registry.mu

	// Guarded by registry.mu.
	id          wire.ID         // as the player wrote it
	bound       bool            // it is the player's
	replaced    bool            // the player has another one
	left        bool            // the connection has ended
	inRequest   bool            // a request is being handled
	buffered    []push          // what waits for its end
	replayed    map[string]bool // seqs the client asked for and got, which may come once more
	known       []string        // keys of the last things that the client knows, from pushes and answers
	ticket      string          // the live ticket that the client uses
	saidGoodbye bool            // the client has taken its leave: it hears nothing more
	caughtUp    bool            // the client knows what became of its player's ticket before it connected
}

// BeginRequest holds pushes back until End, so that they come after the answer to the request that is handled: a player is
// told of a match after being told of having been queued.
func (s *Session) BeginRequest() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.inRequest = true
}

// EndRequest sends what was held back.
func (s *Session) EndRequest() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.inRequest = false
	for _, p := range s.buffered {
		s.deliver(p)
	}
	s.buffered = nil
}

// Push tells the client something that did not come by its player's outbox, unless it knows what has this key.
func (s *Session) Push(key, event string, data json.RawMessage) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.push(local(key, event, data))
}

func (s *Session) push(p push) {
	if s.inRequest {
		s.buffered = append(s.buffered, p)
		return
	}
	s.deliver(p)
}

// Replay tells the client again what its player was told, before anything that waits. It is to be called while a
// request is handled.
func (s *Session) Replay(messages []matchq.Message) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.replayed = make(map[string]bool, len(messages))
	first := make([]push, len(messages), len(messages)+len(s.buffered))
	for i, msg := range messages {
		first[i] = push{msg, true}
		s.replayed[msg.Seq] = true
	}
	s.buffered = append(first, s.buffered...)
}

// deliver is called under the registry's lock, so that pushes keep their order.
func (s *Session) deliver(p push) {
	key := p.msg.Key
	if s.saidGoodbye || !p.replay && s.replayed[p.msg.Seq] || key != "" && slices.Contains(s.known, key) {
		return
	}
	s.addKnown(key)
	s.transport.Push(p.msg.Event, p.msg.Seq, p.msg.Data)
}

func (s *Session) addKnown(key string) {
	if key == "" {
		return
	}
	if s.known = append(s.known, key); len(s.known) > maxKnown {
		s.known = slices.Clone(s.known[1:])
	}
}

// MarkKnown says that the client learns by an answer what has a key, and needs no push.
func (s *Session) MarkKnown(key string) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.addKnown(key)
}

// Knows says whether the client knows what has a key.
func (s *Session) Knows(key string) bool {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return slices.Contains(s.known, key)
}

// SetTicket says which live ticket the client uses from now on.
func (s *Session) SetTicket(ticketID string) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if s.left {
		return
	}
	if s.registry.tickets[s.ticket] == s {
		delete(s.registry.tickets, s.ticket)
	}
	s.ticket = ticketID
	s.registry.tickets[ticketID] = s
}

// Goodbye says that the client closes the connection. What it was told before has reached it, and the next connection of
// its player, on whatever node, need not be told again; of a connection that just breaks that is not sure. Redis has
// been told when it returns, if it answers.
func (s *Session) Goodbye() {
	s.registry.mu.Lock()
	s.saidGoodbye = true
	s.registry.mu.Unlock()
	s.registry.Disconnect(s)
}

// closeReplaced closes the connection, since its player has another one.
func (s *Session) closeReplaced() {
	s.replaced = true
	s.transport.Close(CloseReplaced, "replaced by another connection")
}

// Send answers the client.
func (s *Session) Send(event string, data json.RawMessage) { s.transport.Send(event, data) }

// Player is whose connection it is, if it has said so.
func (s *Session) Player() (wire.ID, bool) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return s.id, s.bound
}

// NeedsCatchUp says whether the client has yet to learn what became of its player's ticket before it connected.
func (s *Session) NeedsCatchUp() bool {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return !s.caughtUp
}

// MarkCaughtUp says that it has learned it.
func (s *Session) MarkCaughtUp() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.caughtUp = true
}
