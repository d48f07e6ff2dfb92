// Package games keeps invitations and games in Redis. It reads a room, lets package quiz change it, and stores the
// result together with the messages for the players. Any node can do that.
package games

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Source has the questions.
type Source interface {
	Questions(ctx context.Context, set, seed string, n int) ([]questions.Question, error)
	Preview(set string) int
}

// Games works on the rooms of a namespace.
type Games struct {
	matcher  *matchq.Matcher
	rooms    *rooms.Rooms
	sessions *sessions.Registry
	source   Source
	config   quiz.Config
	log      *slog.Logger
	timer    wakeTimer
	watch    watch

	quittable, every, shown *seats
}

// New makes a Games and subscribes it to the registry. Run wakes its rooms.
func New(m *matchq.Matcher, r *rooms.Rooms, registry *sessions.Registry, source Source, config quiz.Config, log *slog.Logger) *Games {
	g := &Games{matcher: m, rooms: r, sessions: registry, source: source, config: config, log: log, timer: newWakeTimer()}
	g.quittable, g.every, g.shown = newSeats(m, r, quittable), newSeats(m, r, every), newSeats(m, r, shown)
	registry.OnConnect(g.connected)
	registry.OnDisconnect(g.disconnected)
	registry.OnGone(g.PlayerGone)
	return g
}

// Prefixes of room names. The lock of a pair of players is stored like a room, under a name of its own.
const (
	matchRoom  = "room-" // named by the library, after the match
	friendRoom = "friend-"
	pairLock   = "pair-"
)

// maxAttempts is how often a change is tried while others change the room too.
const maxAttempts = 30

// errNoRoom hides why there is no room for this client.
func errNoRoom() error { return wire.Errorf(wire.CodeNotFound, "unknown room") }

// errCorrupt says that a stored room can't be decoded.
var errCorrupt = errors.New("the document can't be decoded")

// load reads a room and decodes it.
func (g *Games) load(ctx context.Context, id string) (*quiz.Room, rooms.Room, error) {
	stored, err := g.rooms.Get(ctx, id)
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return nil, stored, err
	}
	room, err := decode(stored)
	return room, stored, err
}

// decode decodes a room that was read.
func decode(stored rooms.Room) (*quiz.Room, error) {
	if stored.Version == 0 {
		return nil, errNoRoom()
	}
	room := new(quiz.Room)
	if err := json.Unmarshal(stored.Doc, room); err != nil {
		return nil, fmt.Errorf("room %s: %w: %w", stored.ID, errCorrupt, err)
	}
	return room, nil
}

// turn is a change of a room, with the room as it was read.
type turn struct {
	*quiz.Change

	stored rooms.Room
	held   []quiz.Seat // before the change
}

// turnOf begins a change of a room that is stored.
func (g *Games) turnOf(room *quiz.Room, stored rooms.Room) *turn {
	now := stored.Now.UnixMilli()
	t := &quiz.Change{Room: room, Config: g.config, Now: now, Since: g.watch.since(now)}
	return &turn{t, stored, room.Seats()}
}

// change changes a room by act, and repeats that while others change it at the same time. If act fails nothing is
// stored.
func (g *Games) change(ctx context.Context, id string, act func(*quiz.Change) error) error {
	memory := map[string][]questions.Question{}
	for attempt := range maxAttempts {
		room, stored, err := g.load(ctx, id)
		var t *turn
		if err != nil {
			t, err = g.open(ctx, stored, err)
		} else {
			t = g.turnOf(room, stored)
		}
		if err != nil {
			return err
		}
		err = g.apply(ctx, t, memory, act)
		if !errors.Is(err, rooms.ErrConflict) {
			return err
		}
		if err := redisconn.Pause(ctx, time.Duration(attempt)*time.Millisecond); err != nil {
			return err
		}
	}
	f := wire.Errorf(wire.CodeInternal, "too many changes of this room at once, nothing was changed; try again")
	f.RetryAfter = time.Second
	return f
}

// changeStored is change for a room that was read just now.
func (g *Games) changeStored(ctx context.Context, room *quiz.Room, stored rooms.Room, act func(*quiz.Change) error) error {
	err := g.apply(ctx, g.turnOf(room, stored), map[string][]questions.Question{}, act)
	if errors.Is(err, rooms.ErrConflict) {
		return g.change(ctx, stored.ID, act)
	}
	return err
}

// apply changes a room by act and stores it. memory keeps the questions for the next attempt.
func (g *Games) apply(ctx context.Context, t *turn, memory map[string][]questions.Question, act func(*quiz.Change) error) error {
	t.Deal = g.deal(ctx, t.Room, memory)
	if err := act(t.Change); err != nil {
		return err
	}
	return g.store(ctx, t)
}

// open makes the room of a match for the first event of its game. If there is no such match it returns notFound.
func (g *Games) open(ctx context.Context, stored rooms.Room, notFound error) (*turn, error) {
	matchID, ok := strings.CutPrefix(stored.ID, matchRoom)
	if !ok || wire.ErrorOf(notFound).Code != wire.CodeNotFound {
		return nil, notFound
	}
	match, err := g.matcher.Match(ctx, matchID)
	switch {
	case errors.Is(err, matchq.ErrNotFound):
		return nil, notFound
	case err != nil:
		return nil, err
	case match.Room != stored.ID || match.State != matchq.Matched:
		return nil, notFound
	}
	players := make([]quiz.Participant, len(match.Tickets))
	for i := range match.Tickets {
		t := &match.Tickets[i]
		players[i] = quiz.Participant{ID: wire.PlayerID(t), SID: wire.OriginOf(t).SID}
	}
	t := quiz.NewMatch(stored.ID, wire.QueueID(&match.Tickets[0]), g.config, stored.Now.UnixMilli(), players)
	if match.Released != nil {
		t.NeverOpen()
		return &turn{Change: t, stored: stored}, nil
	}
	return &turn{Change: t, stored: stored}, g.checkPresence(ctx, t)
}

// deal chooses questions for a room. memory keeps them for the next attempt.
func (g *Games) deal(ctx context.Context, room *quiz.Room, memory map[string][]questions.Question) quiz.Deal {
	return func(set string, n int, surprise bool) ([]questions.Question, error) {
		skip := 0
		if surprise && room.Match {
			skip = g.source.Preview(set)
		}
		key := fmt.Sprint(set, skip, n)
		if found, ok := memory[key]; ok {
			return found, nil
		}
		found, err := g.source.Questions(ctx, set, room.ID, skip+n)
		if err != nil {
			return nil, err
		}
		memory[key] = found[min(skip, len(found)):]
		return memory[key], nil
	}
}
