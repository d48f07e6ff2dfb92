package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Presence says in Redis who is connected to this node; it is a *matchq.Node.
type Presence interface {
	Arrive(ctx context.Context, player, conn, data string) (before *matchq.Connection, err error)
	Leave(ctx context.Context, player, conn string) error
	Note(player, conn, data string)
}

// Index finds connections by their sid, which is what Redis knows them by. Everything in it takes the same short time
// however many there are.
type Index struct {
	presence Presence

	binding [64]chan struct{} // by player: connections of one are told of in the order in which they came

	mu       sync.Mutex
	numbers  uint64              // given to sessions so far
	sessions map[string]*Session // those whose player is known
	newest   map[string]*Session // of each player
	tickets  map[string]*Session // live tickets, by id, and whom their clients use
}

// patience is how long binding a session may take: as long as its client may wait for an answer.
const patience = 2 * time.Second

// NewIndex makes an Index. Attach must be called before connections come.
func NewIndex() *Index {
	x := &Index{sessions: map[string]*Session{}, newest: map[string]*Session{}, tickets: map[string]*Session{}}
	for i := range x.binding {
		x.binding[i] = make(chan struct{}, 1)
	}
	return x
}

// Attach says where presence is told.
func (x *Index) Attach(p Presence) { x.presence = p }

// Open makes a session of a connection.
func (x *Index) Open(sid, address string, who identity.Identity, t Transport) *Session {
	s := &Session{SID: sid, Address: address, Who: who, index: x, transport: t}
	if who.Player != "" {
		x.number(s)
	}
	return s
}

// Bind makes a session the one of a player; another that was, on whatever node, is closed. A session stays its first
// player's. Its errors are *wire.Error and those of Redis.
func (x *Index) Bind(ctx context.Context, s *Session, id wire.ID) error {
	if s.Who.Player != "" && s.Who.Player != id.Name {
		return wire.Errorf(wire.CodeForbidden, "this connection has proven to be another player's")
	}
	x.number(s)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lane := x.binding[crc32.ChecksumIEEE([]byte(id.Name))%uint32(len(x.binding))]
	select {
	case lane <- struct{}{}:
		defer func() { <-lane }()
	case <-ctx.Done(): // Redis is away, and those before have to wait for it too
		return fmt.Errorf("%w: %w", matchq.ErrUnavailable, ctx.Err())
	}
	bound, undo, err := x.begin(s, id)
	if bound || err != nil {
		return err
	}
	before, err := x.presence.Arrive(ctx, id.Name, s.SID, noteOf(id, nil)) // not under the lock: messages may come
	if errors.Is(err, matchq.ErrClosed) {
		err = wire.StoppingError()
	}
	if x.finish(s, before, undo, err) {
		x.depart(s)
	}
	return err
}

// number gives a session its place among those of its player, unless it has one: from when it said whose it is, which is
// at once if it has proven that.
func (x *Index) number(s *Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.number == 0 {
		x.numbers++
		s.number = x.numbers
	}
}

// begin has messages for a session reach it, and says whether it was bound already; undo takes that back. Redis is told
// again if the client writes its player in another way than its proof did.
func (x *Index) begin(s *Session, id wire.ID) (bound bool, undo func(), err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	before := s.id
	switch {
	case s.bound && s.id.Name != id.Name:
		return true, nil, wire.Errorf(wire.CodeForbidden, "this connection is another player's: open one for each player")
	case s.replaced || x.isOlder(s, id.Name):
		return true, nil, wire.Errorf(wire.CodeReplaced, "the player has connected anew, and this connection is closing")
	case s.bound && s.id == id:
		return true, nil, nil
	case s.bound:
		undo = func() { s.id = before }
	default:
		undo = func() {
			x.drop(s)
			s.held = nil
		}
	}
	x.sessions[s.SID], x.newest[id.Name] = s, s
	s.id = id
	return false, undo, nil
}

// isOlder says whether a player has a newer connection than this one, which is closed then: it was only slow to be
// told of.
func (x *Index) isOlder(s *Session, player string) bool {
	newest := x.newest[player]
	if newest == nil || newest.number <= s.number {
		return false
	}
	s.replace()
	return true
}

// drop forgets a session.
func (x *Index) drop(s *Session) {
	delete(x.sessions, s.SID)
	if x.newest[s.id.Name] == s {
		delete(x.newest, s.id.Name)
	}
}

// finish ends what begin began, and says whether the connection has ended meanwhile.
func (x *Index) finish(s *Session, before *matchq.Connection, undo func(), err error) (left bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil {
		undo()
		return false
	}
	s.bound = true
	if before != nil {
		s.told = append(toldBy(before), s.told...)
	}
	return s.left
}

// Leave says that a session's connection has ended, for whatever reason: its player's grace begins, unless they have
// another one by now.
func (x *Index) Leave(s *Session) {
	x.mu.Lock()
	already := s.left
	s.left = true
	bound := s.bound
	x.mu.Unlock()
	if bound && !already {
		x.depart(s)
	}
}

// depart forgets a session and tells Redis. If that fails the presence tells it later.
func (x *Index) depart(s *Session) {
	x.mu.Lock()
	x.drop(s)
	if x.tickets[s.ticket] == s {
		delete(x.tickets, s.ticket)
	}
	var told []string
	if s.bye {
		told = s.told
	}
	x.mu.Unlock()
	x.presence.Note(s.id.Name, s.SID, noteOf(s.id, told))
	_ = x.presence.Leave(context.Background(), s.id.Name, s.SID) // which gives up on Redis by itself
}

// Message hands a message to the connection it is for.
func (x *Index) Message(msg matchq.Message) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.sessions[msg.Conn]; s != nil {
		s.push(push{msg: msg})
	}
}

// Replaced closes a connection whose player has another one.
func (x *Index) Replaced(_, sid string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.sessions[sid]; s != nil && !s.replaced {
		s.replace()
	}
}

// Ended says that a ticket has ended.
func (x *Index) Ended(ticketID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.tickets, ticketID)
}

// Tickets returns the live tickets of those who are connected here by the ids of the tickets.
func (x *Index) Tickets() map[string]*Session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return maps.Clone(x.tickets)
}

// What Redis remembers of a connection: how its player writes their id, and what its client is sure to know.

func noteOf(id wire.ID, told []string) string {
	kind := "s"
	if id.Number {
		kind = "n"
	}
	return strings.Join(append([]string{kind}, told...), "\n")
}

// toldBy is what the client of a connection knows.
func toldBy(c *matchq.Connection) []string { return strings.Split(c.Data, "\n")[1:] }

// PlayerOf is the player of a connection, as they write their id.
func PlayerOf(c *matchq.Connection) wire.ID {
	return wire.ID{Name: c.Player, Number: strings.HasPrefix(c.Data, "n")}
}

// push is what the client is told unasked.
type push struct {
	msg matchq.Message

	again bool // the client asked for it, and may know it
}

// local makes a push that did not come by an outbox.
func local(key, event string, data json.RawMessage) push {
	return push{msg: matchq.Message{Key: key, Event: event, Data: data}}
}
