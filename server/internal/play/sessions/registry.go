package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Config says how a Registry works. Its zero value is ready to use.
type Config struct {
	Grace   time.Duration // how long a player may be away, in whole milliseconds; 5 s unless set
	Version string        // of this build, for operators
}

// Registry has the connections of this node. Nothing else tells Redis of connections. Finding a connection by its sid
// takes the same short time for any number of them.
type Registry struct {
	presence *presence.Presence
	node     *presence.Node

	connected    []func(ctx context.Context, player, sid string)
	disconnected []func(ctx context.Context, player string)
	gone         []func(ctx context.Context, player string) error
	bound        []func(s *Session)

	lanes      [64]chan struct{} // by player: Redis hears of one player's connections in their order
	connecting gather.Group[presence.NewConnection, *presence.Connection]

	mu       sync.Mutex
	orders   uint64              // given to sessions so far
	sessions map[string]*Session // by sid; only sessions that are bound to a player
	newest   map[string]*Session // of each player
	tickets  map[string]*Session // by id; each with the session that waits for it, and was not told of its end
	ended    endedTickets        // of the namespace, the newest
}

// bindTimeout is how long binding a session may take, and so how long its client waits for an answer.
const bindTimeout = 2 * time.Second

// New makes a Registry. It works while Run runs.
func New(p *presence.Presence, c Config) (*Registry, error) {
	r := &Registry{
		presence: p, sessions: map[string]*Session{}, newest: map[string]*Session{}, tickets: map[string]*Session{},
	}
	for i := range r.lanes {
		r.lanes[i] = make(chan struct{}, 1)
	}
	var err error
	r.node, err = p.Join(presence.NodeConfig{
		Grace: c.Grace, Version: c.Version, OnMessage: r.message, OnReplaced: r.replaced, OnGone: r.playerGone,
	})
	if err != nil {
		return nil, err
	}
	r.connecting = gather.Group[presence.NewConnection, *presence.Connection]{
		Ask: r.node.ConnectAll, Timeout: bindTimeout, Most: presence.MaxConnect, Room: len(r.lanes),
	}
	return r, nil
}

// NodeID is this node's name in Redis.
func (r *Registry) NodeID() string { return r.node.ID() }

// Run renews this node's lease and finds players whose grace is over, until ctx ends.
func (r *Registry) Run(ctx context.Context) error { return r.node.Run(ctx) }

// Shutdown tells Redis that this node ends, and all its connections. No session can be bound afterwards.
func (r *Registry) Shutdown(ctx context.Context) error { return r.node.Shutdown(ctx) }

// OnConnect adds a hook for players who are bound to a connection of this node. All hooks must be added before Run.
func (r *Registry) OnConnect(f func(ctx context.Context, player, sid string)) {
	r.connected = append(r.connected, f)
}

// OnDisconnect adds a hook for players whose connection to this node has ended, called when Redis knows it. The player
// may have another connection.
func (r *Registry) OnDisconnect(f func(ctx context.Context, player string)) {
	r.disconnected = append(r.disconnected, f)
}

// OnGone adds a hook for players who did not come back within the grace. At least one node calls it, and calls it again
// about every second until it returns nil; then the player is forgotten.
func (r *Registry) OnGone(f func(ctx context.Context, player string) error) {
	r.gone = append(r.gone, f)
}

// OnBind adds a hook for sessions that are bound to a player. It must return quickly.
func (r *Registry) OnBind(f func(s *Session)) { r.bound = append(r.bound, f) }

func (r *Registry) playerGone(ctx context.Context, player string) error {
	for _, f := range r.gone {
		if err := f(ctx, player); err != nil {
			return err
		}
	}
	return nil
}

// Open makes the session of a connection.
func (r *Registry) Open(sid, address string, client identity.Identity, t Transport) *Session {
	s := &Session{SID: sid, Address: address, Identity: client, registry: r, transport: t}
	if client.Player != "" {
		r.setOrder(s)
	}
	return s
}

// Bind binds a session to a player, for good. The player's other session, on any node, is closed. Errors are
// *wire.Error, or Redis's.
func (r *Registry) Bind(ctx context.Context, s *Session, id wire.ID) error {
	if s.Identity.Player != "" && s.Identity.Player != id.Name {
		return wire.Errorf(wire.CodeForbidden, "the token of this connection is another player's")
	}
	r.setOrder(s)
	ctx, cancel := context.WithTimeout(ctx, bindTimeout)
	defer cancel()
	lane := r.lanes[crc32.ChecksumIEEE([]byte(id.Name))%uint32(len(r.lanes))]
	select {
	case lane <- struct{}{}:
		defer func() { <-lane }()
	case <-ctx.Done(): // Redis is away, and earlier sessions of the lane wait for it too
		return wire.WaitError(ctx.Err())
	}
	bound, undo, err := r.beginBind(s, id)
	if bound || err != nil {
		return err
	}
	before, err := r.connect(ctx, id, s) // without the lock, since messages may come meanwhile
	if errors.Is(err, presence.ErrClosed) {
		err = wire.StoppingError()
	}
	if r.endBind(s, before, undo, err) {
		r.release(s)
	} else if err == nil {
		for _, f := range r.bound {
			f(s)
		}
	}
	return err
}

// connect tells Redis of a connection, and then calls the hooks.
func (r *Registry) connect(ctx context.Context, id wire.ID, s *Session) (before *presence.Connection, err error) {
	// Not given up with ctx: the node would hold a connection that no session knows. The lanes bound how many wait.
	before, err = r.connecting.Do(context.WithoutCancel(ctx),
		presence.NewConnection{Player: id.Name, Conn: s.SID, Data: s.dataFor(id).encode()})
	if err != nil {
		return nil, err
	}
	for _, f := range r.connected {
		f(ctx, id.Name, s.SID)
	}
	return before, nil
}

// setOrder gives a session its place among the sessions of its player. The place counts from the moment at which the
// session names its player: at once, if its proof does.
func (r *Registry) setOrder(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.order == 0 {
		r.orders++
		s.order = r.orders
	}
}

// beginBind routes messages to a session and reports whether it was bound before; undo reverts that. Redis is told
// again if the client writes the id in another way than its token.
func (r *Registry) beginBind(s *Session, id wire.ID) (bound bool, undo func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := s.id
	switch {
	case s.bound && s.id.Name != id.Name:
		return true, nil, wire.Errorf(wire.CodeForbidden, "this connection is another player's: open one for each player")
	case s.replaced || r.isSuperseded(s, id.Name):
		return true, nil, wire.Errorf(wire.CodeReplaced, "the player has a newer connection, and this one is closing")
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

// isSuperseded reports whether the player has a newer session, and then closes this one: Redis was only slow to hear of
// it.
func (r *Registry) isSuperseded(s *Session, player string) bool {
	newest := r.newest[player]
	if newest == nil || newest.order <= s.order {
		return false
	}
	s.closeReplaced()
	return true
}

// drop removes a session from the index.
func (r *Registry) drop(s *Session) {
	delete(r.sessions, s.SID)
	if r.newest[s.id.Name] == s {
		delete(r.newest, s.id.Name)
	}
}

// endBind ends what beginBind began and reports whether the connection has ended meanwhile.
func (r *Registry) endBind(s *Session, before *presence.Connection, undo func(), err error) (left bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		undo()
		return false
	}
	s.bound = true
	if before != nil {
		data := decodeConnData(before.Data)
		s.before, s.known = data.client, append(data.known, s.known...)
	}
	return s.left
}

// Disconnect ends a session, since its connection has ended. Unless the player has a newer one the grace begins.
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

// release removes a session and tells Redis. The node repeats that if it fails.
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
	ctx := context.Background() // the connection's own has ended; the node gives up on Redis by itself
	r.node.SetData(s.id.Name, s.SID, connData{s.id.Number, s.client, told}.encode())
	if r.node.Disconnect(ctx, s.id.Name, s.SID) != nil {
		return // the node repeats it, and OnGone ends what must end
	}
	for _, f := range r.disconnected {
		f(ctx, s.id.Name)
	}
}

// message pushes a message to its connection.
func (r *Registry) message(msg presence.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[msg.Conn]; s != nil {
		s.push(push{msg: msg})
	}
}

// replaced closes a connection whose player has a newer one.
func (r *Registry) replaced(_, sid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[sid]; s != nil && !s.replaced {
		s.closeReplaced()
	}
}

// Tickets returns the tickets of this node's sessions, by id, of whose end the clients were not told.
func (r *Registry) Tickets() map[string]*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.tickets)
}

// push is a message that is no answer.
type push struct {
	msg presence.Message

	replay bool // the client asked for it with resume
}

// local makes a push that is in no mailbox.
func local(key, event string, data json.RawMessage) push {
	return push{msg: presence.Message{DedupKey: key, Event: event, Data: data}}
}
