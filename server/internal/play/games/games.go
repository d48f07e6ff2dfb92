// Package rooms keeps games and invitations in Redis: it reads a room, lets package quiz change it, and stores the
// outcome together with what the players are told, on whichever node that happens.
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
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// Source is where questions come from.
type Source interface {
	Questions(ctx context.Context, set, seed string, n int) ([]questions.Question, error)
	Preview(set string) int
}

// Games are the rooms of a namespace, as one node works on them.
type Games struct {
	matcher  *matchq.Matcher
	sessions *sessions.Registry
	source   Source
	config   quiz.Config
	log      *slog.Logger
	timer    wakeTimer
}

// New makes a Rooms that hears from the registry who comes and goes. Run keeps its games going.
func New(m *matchq.Matcher, registry *sessions.Registry, source Source, config quiz.Config, log *slog.Logger) *Games {
	r := &Games{matcher: m, sessions: registry, source: source, config: config, log: log, timer: newWakeTimer()}
	registry.OnConnect(r.connected)
	registry.OnDisconnect(r.disconnected)
	registry.OnGone(r.PlayerGone)
	return r
}

// What the names of rooms begin with. Locks of pairs, which are kept like rooms, are called otherwise.
const (
	matchRoom  = "room-" // the library names those of matches
	friendRoom = "friend-"
	pairLock   = "pair-"
)

// maxAttempts is how often a change is tried while others change the same room.
const maxAttempts = 30

// errNoRoom is what all are told who may not know more.
func errNoRoom() error { return wire.Errorf(wire.CodeNotFound, "there is no such room") }

// errCorrupt says that what stands in a room makes no sense. Nobody can do anything about it.
var errCorrupt = errors.New("the document can't be read")

// load reads a room.
func (r *Games) load(ctx context.Context, id string) (*quiz.Room, matchq.Room, error) {
	stored, err := r.matcher.Room(ctx, id)
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

// change has a room changed by act, again and again while others are faster. If act fails nothing is changed.
func (r *Games) change(ctx context.Context, id string, act func(*quiz.Change) error) error {
	memory := map[string][]questions.Question{}
	for attempt := range maxAttempts {
		room, stored, err := r.load(ctx, id)
		t := &quiz.Change{Room: room, Config: r.config, Now: stored.Now.UnixMilli()}
		if err != nil {
			if t, err = r.open(ctx, id, stored.Now, err); err != nil {
				return err
			}
		}
		t.Deal = r.deal(ctx, t.Room, memory)
		if err := act(t); err != nil {
			return err
		}
		err = r.store(ctx, t, stored)
		if !errors.Is(err, matchq.ErrConflict) {
			return err
		}
		if err := redisconn.Pause(ctx, time.Duration(attempt)*time.Millisecond); err != nil {
			return err
		}
	}
	f := wire.Errorf(wire.CodeInternal, "too much happens in this room at once, nothing was changed; try again")
	f.RetryAfter = time.Second
	return f
}

// open makes the room of a general match, for the first event of its game. why is what the caller is told if there is
// no such match.
func (r *Games) open(ctx context.Context, id string, now time.Time, why error) (*quiz.Change, error) {
	matchID, ok := strings.CutPrefix(id, matchRoom)
	if !ok || wire.ErrorOf(why).Code != wire.CodeNotFound {
		return nil, why
	}
	match, err := r.matcher.Match(ctx, matchID)
	switch {
	case errors.Is(err, matchq.ErrNotFound):
		return nil, why
	case err != nil:
		return nil, err
	case match.Room != id || match.State != matchq.Matched:
		return nil, why
	}
	who := make([]quiz.Participant, len(match.Tickets))
	for i := range match.Tickets {
		t := &match.Tickets[i]
		who[i] = quiz.Participant{ID: wire.PlayerID(t), SID: wire.OriginOf(t).SID}
	}
	t := quiz.NewMatch(id, wire.QueueID(&match.Tickets[0]), r.config, now.UnixMilli(), who)
	return t, r.checkPresence(ctx, t)
}

// checkPresence notes who is there. Those who are not have the grace to come, from now on.
func (r *Games) checkPresence(ctx context.Context, t *quiz.Change) error {
	players, err := r.sessions.Find(ctx, t.Names()...)
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

// deal chooses questions for a room. memory keeps what was chosen for another attempt.
func (r *Games) deal(ctx context.Context, room *quiz.Room, memory map[string][]questions.Question) quiz.Deal {
	return func(set string, n int, surprise bool) ([]questions.Question, error) {
		skip := 0
		if surprise && room.Match {
			skip = r.source.Preview(set)
		}
		key := fmt.Sprint(set, skip, n)
		if found, ok := memory[key]; ok {
			return found, nil
		}
		found, err := r.source.Questions(ctx, set, room.ID, skip+n)
		if err != nil {
			return nil, err
		}
		memory[key] = found[min(skip, len(found)):]
		return memory[key], nil
	}
}

// store writes a changed room down, and tells the players.
func (r *Games) store(ctx context.Context, t *quiz.Change, before matchq.Room) error {
	doc, err := json.Marshal(t.Room)
	if err != nil {
		return err
	}
	if bytes.Equal(doc, before.Doc) && len(t.Messages) == 0 {
		return nil
	}
	keep := r.config.KeepOver
	if t.Phase != quiz.Over {
		keep += time.Duration(max(t.Ends-t.Now, 0)) * time.Millisecond
	}
	change := matchq.RoomChange{
		ID: t.ID, Version: before.Version, Doc: doc, Keep: keep, NotAfter: timeOf(t.NotAfter), WakeAt: timeOf(t.WakeAt()),
		Players: t.Seated(),
	}
	for _, name := range t.Names() {
		if !slices.Contains(change.Players, name) {
			change.Left = append(change.Left, name)
		}
	}
	for _, m := range t.Messages {
		change.Messages = append(change.Messages, matchq.Message{Player: m.To, Event: m.Event, Data: wire.Encode(m.Data)})
	}
	_, err = r.matcher.ChangeRoom(ctx, change)
	if errors.Is(err, matchq.ErrTooLate) {
		return wire.Errorf(wire.CodeTooLate, "this question is closed")
	}
	if wake := t.WakeAt(); err == nil && wake > 0 {
		r.timer.set(time.Duration(wake-t.Now) * time.Millisecond)
	}
	return err
}

// timeOf is a time of the game as the library takes it.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
