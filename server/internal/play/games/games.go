// Package games keeps invitations and games in Redis. It reads a room, lets package quiz change it, and stores the
// result together with the messages for the players. Any node can do that.
package games

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
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
}

// New makes a Games and subscribes it to the registry. Run wakes its rooms.
func New(m *matchq.Matcher, r *rooms.Rooms, registry *sessions.Registry, source Source, config quiz.Config, log *slog.Logger) *Games {
	g := &Games{matcher: m, rooms: r, sessions: registry, source: source, config: config, log: log, timer: newWakeTimer()}
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
	if errors.Is(err, matchq.ErrNotFound) {
		return nil, stored, errNoRoom()
	}
	if err != nil {
		return nil, stored, err
	}
	room := new(quiz.Room)
	if err := json.Unmarshal(stored.Doc, room); err != nil {
		return nil, stored, fmt.Errorf("room %s: %w: %w", id, errCorrupt, err)
	}
	return room, stored, nil
}

// change changes a room by act, and repeats that while others change it at the same time. If act fails nothing is
// stored.
func (g *Games) change(ctx context.Context, id string, act func(*quiz.Change) error) error {
	memory := map[string][]questions.Question{}
	for attempt := range maxAttempts {
		room, stored, err := g.load(ctx, id)
		t := &quiz.Change{Room: room, Config: g.config, Now: stored.Now.UnixMilli()}
		if err != nil {
			if t, err = g.open(ctx, id, stored.Now, err); err != nil {
				return err
			}
		}
		t.Deal = g.deal(ctx, t.Room, memory)
		if err := act(t); err != nil {
			return err
		}
		err = g.store(ctx, t, stored)
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

// open makes the room of a match for the first event of its game. If there is no such match it returns notFound.
func (g *Games) open(ctx context.Context, id string, now time.Time, notFound error) (*quiz.Change, error) {
	matchID, ok := strings.CutPrefix(id, matchRoom)
	if !ok || wire.ErrorOf(notFound).Code != wire.CodeNotFound {
		return nil, notFound
	}
	match, err := g.matcher.Match(ctx, matchID)
	switch {
	case errors.Is(err, matchq.ErrNotFound):
		return nil, notFound
	case err != nil:
		return nil, err
	case match.Room != id || match.State != matchq.Matched:
		return nil, notFound
	}
	players := make([]quiz.Participant, len(match.Tickets))
	for i := range match.Tickets {
		t := &match.Tickets[i]
		players[i] = quiz.Participant{ID: wire.PlayerID(t), SID: wire.OriginOf(t).SID}
	}
	t := quiz.NewMatch(id, wire.QueueID(&match.Tickets[0]), g.config, now.UnixMilli(), players)
	return t, g.checkPresence(ctx, t)
}

// checkPresence notes which players are online. The others have the grace to come, from now on.
func (g *Games) checkPresence(ctx context.Context, t *quiz.Change) error {
	players, err := g.sessions.Find(ctx, t.Names()...)
	if err != nil {
		return err
	}
	for i, p := range players {
		if p.Online() {
			t.SetBack(p.ID.Name, p.SID)
			t.Players[i].SID = p.SID
		} else {
			t.SetAway(p.ID.Name)
		}
	}
	return nil
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

// store stores a changed room together with its messages.
func (g *Games) store(ctx context.Context, t *quiz.Change, before rooms.Room) error {
	doc, err := json.Marshal(t.Room)
	if err != nil {
		return err
	}
	if bytes.Equal(doc, before.Doc) && len(t.Messages) == 0 {
		return nil
	}
	keep := g.config.KeepOver
	if t.Phase != quiz.Over {
		keep += time.Duration(max(t.Ends-t.Now, 0)) * time.Millisecond
	}
	change := rooms.Change{
		ID: t.ID, Version: before.Version, Doc: doc, Keep: keep, NotAfter: timeOf(t.NotAfter), WakeAt: timeOf(t.WakeAt()),
		Players: t.Seated(),
	}
	for _, name := range t.Names() {
		if !slices.Contains(change.Players, name) {
			change.Left = append(change.Left, name)
		}
	}
	for _, m := range t.Messages {
		change.Messages = append(change.Messages, presence.Message{Player: m.To, Event: m.Event, Data: wire.Encode(m.Data)})
	}
	_, err = g.rooms.Change(ctx, change)
	if errors.Is(err, rooms.ErrTooLate) {
		return wire.Errorf(wire.CodeTooLate, "this question is closed")
	}
	if wake := t.WakeAt(); err == nil && wake > 0 {
		g.timer.set(time.Duration(wake-t.Now) * time.Millisecond)
	}
	return err
}

// timeOf converts a time of the quiz to one of the library.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
