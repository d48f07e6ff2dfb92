package sessions

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/identity"
)

// Config says how a Registry works. Its zero value is ready to use.
type Config struct {
	Grace   time.Duration // how long a player may be away, in whole milliseconds; 5 s unless set
	Lease   time.Duration // how long the node counts as alive after its last heartbeat; that of presence.NodeConfig unless set
	Timeout time.Duration // of a call to Redis; 1.5 s unless set
	Version string        // of this build, for operators
	Warning func() string // for operators, about this node; called often
}

// Registry has the connections of this node. Nothing else tells Redis of connections. Finding a connection by its sid
// takes the same short time for any number of them.
type Registry struct {
	presence *presence.Presence
	node     *presence.Node

	bindTimeout time.Duration // how long binding a session may take, and so how long its client waits for an answer

	connected    []func(ctx context.Context, player, sid string)
	disconnected []func(ctx context.Context, player string)
	gone         []func(ctx context.Context, player string) error
	bound        []func(s *Session)

	lanes      [64]chan struct{} // by player: Redis hears of one player's connections in their order
	connecting gather.Group[presence.NewConnection, *presence.Connection]
	ending     gather.Group[presence.Connection, struct{}]
	finding    gather.Group[string, *presence.Connection]

	mu       sync.Mutex
	orders   uint64              // given to sessions so far
	sessions map[string]*Session // by sid; only sessions that are bound to a player
	newest   map[string]*Session // of each player
	tickets  map[string]*Session // by id; each with the session that waits for it, and was not told of its end
	ended    recent[string]      // tickets of the namespace, the newest
	over     recent[Over]
}

// New makes a Registry. It works while Run runs.
func New(p *presence.Presence, c Config) (*Registry, error) {
	r := &Registry{
		presence: p, bindTimeout: cmp.Or(c.Timeout, 1500*time.Millisecond) + 500*time.Millisecond,
		sessions: map[string]*Session{}, newest: map[string]*Session{}, tickets: map[string]*Session{},
	}
	for i := range r.lanes {
		r.lanes[i] = make(chan struct{}, 1)
	}
	var err error
	r.node, err = p.Join(presence.NodeConfig{
		Grace: c.Grace, Lease: c.Lease, Version: c.Version, Note: c.Warning, OnMessage: r.message, OnReplaced: r.replaced, OnGone: r.playerGone,
	})
	if err != nil {
		return nil, err
	}
	r.gather()
	return r, nil
}

// gather has players who come, go or are looked for at the same time share calls to Redis.
func (r *Registry) gather() {
	r.connecting = gather.Group[presence.NewConnection, *presence.Connection]{
		Ask: r.node.ConnectAll, Timeout: r.bindTimeout, Most: presence.MaxConnect, Room: len(r.lanes),
	}
	r.ending = gather.Group[presence.Connection, struct{}]{
		Ask: func(ctx context.Context, ended []presence.Connection) ([]struct{}, error) {
			return make([]struct{}, len(ended)), r.node.DisconnectAll(ctx, ended)
		},
		Timeout: r.bindTimeout, Most: presence.MaxConnect, Room: math.MaxInt, // the node must hear of all
	}
	r.finding = gather.Group[string, *presence.Connection]{
		Ask: func(ctx context.Context, players []string) ([]*presence.Connection, error) {
			return r.presence.Online(ctx, players...)
		},
		Timeout: r.bindTimeout, Most: presence.MaxConnect, Room: math.MaxInt, // connections and requests bound them
	}
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

// drop removes a session from the index.
func (r *Registry) drop(s *Session) {
	delete(r.sessions, s.SID)
	if r.newest[s.id.Name] == s {
		delete(r.newest, s.id.Name)
	}
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
	if _, err := r.ending.Do(ctx, presence.Connection{Player: s.id.Name, ID: s.SID}); err != nil {
		return // the node repeats it, and OnGone ends tickets and games
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

// Tickets returns the tickets of this node's sessions, by id, whose end the clients have not heard yet.
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
