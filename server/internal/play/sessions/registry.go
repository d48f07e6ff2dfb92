package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Config says how a Registry works. Its zero value is ready to use.
type Config struct {
	Grace   time.Duration // how long a player may be away, in whole milliseconds; 5 s unless set
	Version string        // of this build, for operators
}

// Registry has the connections of this node, and is the only one to tell Redis of them. It finds a connection by its
// sid, which Redis knows it by; that takes the same short time however many there are.
type Registry struct {
	matcher *matchq.Matcher
	node    *matchq.Node

	connected    []func(ctx context.Context, player, sid string)
	disconnected []func(ctx context.Context, player string)
	gone         []func(ctx context.Context, player string) error

	lanes [64]chan struct{} // by player: connections of one are told of in the order in which they came

	mu       sync.Mutex
	orders   uint64              // given to sessions so far
	sessions map[string]*Session // those whose player is known
	newest   map[string]*Session // of each player
	tickets  map[string]*Session // live tickets, by id, and whom their clients use
}

// bindTimeout is how long binding a session may take: as long as its client may wait for an answer.
const bindTimeout = 2 * time.Second

// New makes a Registry. Run must be called for it to work.
func New(m *matchq.Matcher, c Config) (*Registry, error) {
	r := &Registry{
		matcher: m, sessions: map[string]*Session{}, newest: map[string]*Session{}, tickets: map[string]*Session{},
	}
	for i := range r.lanes {
		r.lanes[i] = make(chan struct{}, 1)
	}
	var err error
	r.node, err = m.NewNode(matchq.NodeConfig{
		Grace: c.Grace, Version: c.Version, OnMessage: r.message, OnReplaced: r.replaced, OnGone: r.playerGone,
	})
	return r, err
}

// NodeID is this node's name in Redis.
func (r *Registry) NodeID() string { return r.node.ID() }

// Run keeps this node's lease, and finds players who do not come back, until ctx ends.
func (r *Registry) Run(ctx context.Context) error { return r.node.Run(ctx) }

// Shutdown tells Redis that all connections end and so does this node. No player can be bound afterwards.
func (r *Registry) Shutdown(ctx context.Context) error { return r.node.LeaveAll(ctx) }

// OnConnect has f called when a player is bound to a connection of this node. Like the other hooks it must be set before
// Run.
func (r *Registry) OnConnect(f func(ctx context.Context, player, sid string)) {
	r.connected = append(r.connected, f)
}

// OnDisconnect has f called when a player's connection to this node has ended and Redis knows it. The player may have
// another one.
func (r *Registry) OnDisconnect(f func(ctx context.Context, player string)) {
	r.disconnected = append(r.disconnected, f)
}

// OnGone has f called before a player who did not come back within the grace is forgotten, by at least one of the nodes;
// again about every second until it returns nil.
func (r *Registry) OnGone(f func(ctx context.Context, player string) error) {
	r.gone = append(r.gone, f)
}

func (r *Registry) playerGone(ctx context.Context, player string) error {
	for _, f := range r.gone {
		if err := f(ctx, player); err != nil {
			return err
		}
	}
	return nil
}

// Open makes a session of a connection.
func (r *Registry) Open(sid, address string, who identity.Identity, t Transport) *Session {
	s := &Session{SID: sid, Address: address, Identity: who, registry: r, transport: t}
	if who.Player != "" {
		r.setOrder(s)
	}
	return s
}

// Bind makes a session the one of a player; another that was, on whatever node, is closed. A session stays its first
// player's. Its errors are *wire.Error and those of Redis.
func (r *Registry) Bind(ctx context.Context, s *Session, id wire.ID) error {
	if s.Identity.Player != "" && s.Identity.Player != id.Name {
		return wire.Errorf(wire.CodeForbidden, "this connection has proven to be another player's")
	}
	r.setOrder(s)
	ctx, cancel := context.WithTimeout(ctx, bindTimeout)
	defer cancel()
	lane := r.lanes[crc32.ChecksumIEEE([]byte(id.Name))%uint32(len(r.lanes))]
	select {
	case lane <- struct{}{}:
		defer func() { <-lane }()
	case <-ctx.Done(): // Redis is away, and those before have to wait for it too
		return fmt.Errorf("%w: %w", matchq.ErrUnavailable, ctx.Err())
	}
	bound, undo, err := r.beginBind(s, id)
	if bound || err != nil {
		return err
	}
	before, err := r.connect(ctx, id, s.SID) // not under the lock: messages may come
	if errors.Is(err, matchq.ErrClosed) {
		err = wire.StoppingError()
	}
	if r.endBind(s, before, undo, err) {
		r.release(s)
	}
	return err
}

// connect tells Redis of a connection, and then the hooks.
func (r *Registry) connect(ctx context.Context, id wire.ID, sid string) (before *matchq.Connection, err error) {
	before, err = r.node.Arrive(ctx, id.Name, sid, connData{numericID: id.Number}.encode())
	if err != nil {
		return nil, err
	}
	for _, f := range r.connected {
		f(ctx, id.Name, sid)
	}
	return before, nil
}

// setOrder gives a session its place among those of its player, unless it has one: from when it said whose it is, which is
// at once if it has proven that.
func (r *Registry) setOrder(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.order == 0 {
		r.orders++
		s.order = r.orders
	}
}

// beginBind has messages for a session reach it, and says whether it was bound already; undo takes that back. Redis is told
// again if the client writes its player in another way than its proof did.
func (r *Registry) beginBind(s *Session, id wire.ID) (bound bool, undo func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := s.id
	switch {
	case s.bound && s.id.Name != id.Name:
		return true, nil, wire.Errorf(wire.CodeForbidden, "this connection is another player's: open one for each player")
	case s.replaced || r.isSuperseded(s, id.Name):
		return true, nil, wire.Errorf(wire.CodeReplaced, "the player has connected anew, and this connection is closing")
	case s.bound && s.id == id:
		return true, nil, nil
	case s.bound:
		undo = func() { s.id = before }
	default:
		undo = func() {
			r.drop(s)
			s.buffered = nil
		}
	}
	r.sessions[s.SID], r.newest[id.Name] = s, s
	s.id = id
	return false, undo, nil
}

// isSuperseded says whether a player has a newer connection than this one, which is closed then: it was only slow to be
// told of.
func (r *Registry) isSuperseded(s *Session, player string) bool {
	newest := r.newest[player]
	if newest == nil || newest.order <= s.order {
		return false
	}
	s.closeReplaced()
	return true
}

// drop forgets a session.
func (r *Registry) drop(s *Session) {
	delete(r.sessions, s.SID)
	if r.newest[s.id.Name] == s {
		delete(r.newest, s.id.Name)
	}
}

// endBind ends what begin began, and says whether the connection has ended meanwhile.
func (r *Registry) endBind(s *Session, before *matchq.Connection, undo func(), err error) (left bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		undo()
		return false
	}
	s.bound = true
	if before != nil {
		s.known = append(decodeConnData(before.Data).known, s.known...)
	}
	return s.left
}

// Disconnect says that a session's connection has ended, for whatever reason: its player's grace begins, unless they have
// another one by now.
func (r *Registry) Disconnect(s *Session) {
	r.mu.Lock()
	already := s.left
	s.left = true
	bound := s.bound
	r.mu.Unlock()
	if bound && !already {
		r.release(s)
	}
}

// release forgets a session and tells Redis. If that fails the node tells it later.
func (r *Registry) release(s *Session) {
	r.mu.Lock()
	r.drop(s)
	if r.tickets[s.ticket] == s {
		delete(r.tickets, s.ticket)
	}
	var told []string
	if s.saidGoodbye {
		told = s.known
	}
	r.mu.Unlock()
	ctx := context.Background() // the connection's has ended; the node gives up on Redis by itself
	r.node.Note(s.id.Name, s.SID, connData{s.id.Number, told}.encode())
	if r.node.Leave(ctx, s.id.Name, s.SID) != nil {
		return // the node goes on trying, and OnGone ends what must end
	}
	for _, f := range r.disconnected {
		f(ctx, s.id.Name)
	}
}

// message hands a message to the connection it is for.
func (r *Registry) message(msg matchq.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[msg.Conn]; s != nil {
		s.push(push{msg: msg})
	}
}

// replaced closes a connection whose player has another one.
func (r *Registry) replaced(_, sid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[sid]; s != nil && !s.replaced {
		s.closeReplaced()
	}
}

// ForgetTicket says that a ticket has ended.
func (r *Registry) ForgetTicket(ticketID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tickets, ticketID)
}

// Tickets returns the live tickets of those who are connected here by the ids of the tickets.
func (r *Registry) Tickets() map[string]*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.tickets)
}

// push is what the client is told unasked.
type push struct {
	msg matchq.Message

	replay bool // the client asked for it, and may know it
}

// local makes a push that did not come by an outbox.
func local(key, event string, data json.RawMessage) push {
	return push{msg: matchq.Message{Key: key, Event: event, Data: data}}
}
