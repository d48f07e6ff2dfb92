package sessions

import (
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/server/internal/play/quiz"
)

// A node keeps the tickets and rooms that its clients know of: Redis may lose them, and then nobody else knows.

// room is a room that a client was told of.
type room struct {
	now   quiz.Standing
	until time.Time // when it counts no longer; zero for never
}

const (
	maxRooms     = 8               // that a session keeps; those that are over make room
	invitedFor   = time.Minute     // an invitation is over by then
	matchKeptFor = 2 * time.Minute // a room that nobody has opened by then has no match any more
	maxEnded     = 16384           // ended tickets that a node keeps, and rooms that are over
)

// note keeps how a room stands for the client. The registry must be locked.
func (s *Session) note(name string, now quiz.Standing) {
	if name == "" || now == quiz.Unknown {
		return
	}
	known, found := s.rooms[name]
	if known.now == quiz.IsOver || now < known.now {
		return
	}
	r := room{now: now}
	switch now {
	case quiz.InMatch:
		r.until = time.Now().Add(matchKeptFor)
	case quiz.IsInvited:
		r.until = time.Now().Add(invitedFor)
	case quiz.IsOver:
		s.addOver(name)
	case quiz.Unknown, quiz.Playing: // until it is told
	}
	if s.rooms == nil {
		s.rooms = map[string]room{}
	}
	if !found && len(s.rooms) >= maxRooms {
		s.dropRooms()
	}
	s.rooms[name] = r
}

// dropRooms forgets the rooms that are over.
func (s *Session) dropRooms() {
	for name, r := range s.rooms {
		if r.now == quiz.IsOver || r.isPast() {
			delete(s.rooms, name)
		}
	}
}

func (r room) isPast() bool { return !r.until.IsZero() && time.Now().After(r.until) }

// leaveGames says that the client has given up its games: it waits for another. Invitations stand.
func (s *Session) leaveGames() {
	for name, r := range s.rooms {
		if r.now == quiz.Playing || r.now == quiz.InMatch {
			s.rooms[name] = room{now: quiz.IsOver}
			s.addOver(name)
		}
	}
}

// Over is a room that is over for a player, as the client was told.
type Over struct{ Room, Player string }

// addOver keeps that a room is over, for longer than the session does: short games soon take its place there.
func (s *Session) addOver(name string) { s.registry.over.add(Over{name, s.id.Name}) }

// Over returns the rooms whose end the clients of this node have heard, the newest 16,384 at most. Their connections
// may have ended.
func (r *Registry) Over() []Over {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.over.ring)
}

// NoteRoom says that the client knows how a room stands.
func (s *Session) NoteRoom(name string, now quiz.Standing) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.note(name, now)
}

// NoteRoom is Session.NoteRoom for the connection of a sid, if it is this node's.
func (r *Registry) NoteRoom(sid, name string, now quiz.Standing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[sid]; s != nil {
		s.note(name, now)
	}
}

// Told is a room that a client was told of.
type Told struct {
	Session *Session
	Room    string
	Now     quiz.Standing
}

// Rooms returns the rooms that are open for clients of this node, as far as they were told.
func (r *Registry) Rooms() []Told {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Told
	for _, s := range r.sessions {
		for name, room := range s.rooms {
			if room.now != quiz.IsOver && !room.isPast() {
				all = append(all, Told{s, name, room.now})
			}
		}
	}
	return all
}

// EndKey is the key of the news that a ticket has ended.
func EndKey(ticketID string) string { return ticketID + endKey }

// QueuedKey is the key of the news that a ticket waits.
func QueuedKey(ticketID string) string { return ticketID + queuedKey }

// LostKey is the key of the news that Redis has lost a ticket: another one, since the client may ask again after it was
// told of an end that is lost.
func LostKey(ticketID string) string { return ticketID + lostKey }

const (
	endKey    = ".end"
	queuedKey = ".queued"
	lostKey   = ".lost"
)

// isLate says whether the subject of the news is over for the client. The registry must be locked.
func (s *Session) isLate(key, room string, now quiz.Standing) bool {
	if id, ok := strings.CutSuffix(key, lostKey); ok && slices.Contains(s.known, EndKey(id)) {
		return true // the client was told of an end, and does not wait
	}
	return now == quiz.InMatch && s.rooms[room].now == quiz.IsOver // a match that is lost, or was left
}

// EndTicket notes that a ticket has ended. Every node does so for all tickets. Its client waits for it until told: Redis
// may lose the end before that.
func (r *Registry) EndTicket(ticketID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended.add(ticketID)
}

// Ended returns the tickets that have ended lately, the newest 16,384 at most.
func (r *Registry) Ended() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ended.ring)
}

// recent keeps the newest of some things, each once.
type recent[T comparable] struct {
	ring  []T
	next  int // place in the ring that is written next, once it is full
	known map[T]bool
}

func (e *recent[T]) add(one T) {
	if e.known == nil {
		e.known = map[T]bool{}
	}
	if e.known[one] {
		return
	}
	e.known[one] = true
	if len(e.ring) < maxEnded {
		e.ring = append(e.ring, one)
		return
	}
	delete(e.known, e.ring[e.next])
	e.ring[e.next] = one
	e.next = (e.next + 1) % maxEnded
}
