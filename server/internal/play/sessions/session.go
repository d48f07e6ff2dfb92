// Package sessions has the connections of this node and keeps the order of the messages to each client.
package sessions

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Close codes. Clients reconnect by themselves after all but the last two.
const (
	CloseGoingAway    = 1001 // the server stops
	CloseOverload     = 1013 // the connection is too slow
	CloseUnauthorized = 4401 // the proof of identity is missing, wrong or has ended
	CloseReplaced     = 4409 // the player has a newer connection
)

// Transport is a connection of any protocol. It is called by many goroutines; it must neither block nor call
// back.
type Transport interface {
	// Send answers the client.
	Send(event string, data json.RawMessage)
	// Push sends the client a message that is no answer. seq is its place in the player's mailbox, "" if it is in none.
	Push(event, seq string, data json.RawMessage)
	Close(code int, reason string)
}

// maxKnown is how many keys of news that a client knows are kept.
const maxKnown = 4

// Session is one connection. It is bound to a player once it names one.
type Session struct {
	SID      string // tells others which connection it is; never authority
	Address  string // of the client, for rate limits
	Identity identity.Identity

	registry  *Registry
	transport Transport
	order     uint64 // among the sessions of its player; 0 until it names one; guarded by registry.mu

	// Guarded by registry.mu.
	id          wire.ID         // as the player wrote it
	bound       bool            // the session is its player's
	replaced    bool            // the player has a newer session
	left        bool            // the connection has ended
	inRequest   bool            // a request is being handled
	buffered    []push          // pushes that wait until then
	replayed    map[string]bool // seqs that resume has sent, which may come once more
	known       []string        // keys of the newest news that the client has had
	ticket      string          // the live ticket that the client uses
	saidGoodbye bool            // the client has closed the connection and gets nothing more
	rooms       map[string]room // rooms that the client was told of, by name
	caughtUp    bool            // the client has heard of the ticket that its player had before
	client      string          // SetClient
	before      string          // client of the player's connection before; "" if it named none or has been forgotten
}

// SetClient names the client, unless it has a name or the session is bound already, and returns its name. A client keeps
// the name for its later connections.
func (s *Session) SetClient(name string) string {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if s.client == "" && !s.bound {
		s.client = name
	}
	return s.client
}

// Continues reports whether the player's connection before was that client's and ended less than the grace ago. The
// mailbox then still has all that the client has missed, unless MailboxSize messages came.
func (s *Session) Continues(client string) bool {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return client != "" && s.before == client
}

// Start returns where the player's mailbox stood when the session was bound: presence.Node.Start. It is "" before.
func (s *Session) Start() string {
	player, bound := s.Player()
	if !bound {
		return ""
	}
	return s.registry.node.Start(player.Name, s.SID)
}

// BeginRequest buffers pushes until EndRequest, so that they follow the answer to the request: a player hears of being
// queued before hearing of a match.
func (s *Session) BeginRequest() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.inRequest = true
}

// EndRequest sends the buffered pushes.
func (s *Session) EndRequest() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.inRequest = false
	for _, p := range s.buffered {
		s.deliver(p)
	}
	s.buffered = nil
}

// Push sends a message that is in no mailbox, unless the client knows its key.
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

// Replay sends messages of the mailbox before the buffered pushes. It must be called during a request.
func (s *Session) Replay(messages []presence.Message) {
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

// deliver runs under the registry's lock, so that pushes keep their order.
func (s *Session) deliver(p push) {
	key := p.msg.DedupKey
	if s.saidGoodbye || !p.replay && s.replayed[p.msg.Seq] || key != "" && slices.Contains(s.known, key) || s.isStale(key) {
		return
	}
	room, now := quiz.Told(p.msg.Event, p.msg.Data)
	if !p.replay && s.isLate(key, room, now) {
		return
	}
	s.addKnown(key)
	s.note(room, now)
	s.transport.Push(p.msg.Event, p.msg.Seq, p.msg.Data)
}

// isStale reports whether a key is that of news that the client's ticket waits, which the client knows, or knows to be
// over.
func (s *Session) isStale(key string) bool {
	id, ok := strings.CutSuffix(key, queuedKey)
	return ok && (s.ticket == id || slices.Contains(s.known, EndKey(id)))
}

func (s *Session) addKnown(key string) {
	if key == "" {
		return
	}
	if id := strings.TrimSuffix(strings.TrimSuffix(key, endKey), lostKey); s.registry.tickets[id] == s {
		delete(s.registry.tickets, id)
	}
	if id, ok := strings.CutSuffix(key, queuedKey); ok {
		s.setTicket(id)
	}
	if s.known = append(s.known, key); len(s.known) > maxKnown {
		s.known = slices.Clone(s.known[1:])
	}
}

// MarkKnown says that an answer tells the client the news of a key. A push of that key is then dropped.
func (s *Session) MarkKnown(key string) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.addKnown(key)
}

// Knows reports whether the client has had the news of a key.
func (s *Session) Knows(key string) bool {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return slices.Contains(s.known, key)
}

// SetTicket sets the ticket that the client waits for, until it is told of its end: also if it was told of one before,
// which Redis has lost.
func (s *Session) SetTicket(ticketID string) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.setTicket(ticketID)
}

func (s *Session) setTicket(ticketID string) {
	if s.left {
		return
	}
	if s.registry.tickets[s.ticket] == s {
		delete(s.registry.tickets, s.ticket)
	}
	s.known = slices.DeleteFunc(s.known, func(key string) bool { return key == EndKey(ticketID) })
	s.ticket = ticketID
	s.registry.tickets[ticketID] = s
	s.leaveGames()
}

// Goodbye says that the client closes the connection in order. Everything sent before has arrived, so the player's next
// connection, on any node, need not repeat it; after a connection that breaks that is not known. Redis knows it when
// Goodbye returns, if it answers.
func (s *Session) Goodbye() {
	s.registry.mu.Lock()
	s.saidGoodbye = true
	s.registry.mu.Unlock()
	s.registry.Disconnect(s)
}

// closeReplaced closes the connection, since its player has a newer one.
func (s *Session) closeReplaced() {
	s.replaced = true
	s.transport.Close(CloseReplaced, "replaced by another connection")
}

// Send answers the client.
func (s *Session) Send(event string, data json.RawMessage) { s.transport.Send(event, data) }

// Player returns the player of the session, and whether it has one.
func (s *Session) Player() (wire.ID, bool) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return s.id, s.bound
}

// NeedsCatchUp reports whether the client has yet to hear of the ticket that its player had before.
func (s *Session) NeedsCatchUp() bool {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return !s.caughtUp
}

// MarkCaughtUp says that the client has heard of it.
func (s *Session) MarkCaughtUp() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.caughtUp = true
}
