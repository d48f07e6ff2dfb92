package sessions

import (
	"context"
	"errors"
	"hash/crc32"

	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Bind binds a session to a player, for good. The player's other session, on any node, is closed. Errors are
// *wire.Error, or Redis's.
func (r *Registry) Bind(ctx context.Context, s *Session, id wire.ID) error {
	if s.Identity.Player != "" && s.Identity.Player != id.Name {
		return wire.Errorf(wire.CodeForbidden, "the token of this connection is another player's")
	}
	r.setOrder(s)
	ctx, cancel := context.WithTimeout(ctx, r.bindTimeout)
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
