package rooms_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// newRooms makes a Rooms in the test's namespace.
func newRooms(t *testing.T, env *matchqtest.Env) (*rooms.Rooms, *presence.Presence) {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return rooms.New(p), p
}

// change changes a room and returns the new version.
func change(t *testing.T, r *rooms.Rooms, c rooms.Change) int64 {
	t.Helper()
	version, err := r.Change(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func roomsOf(t *testing.T, r *rooms.Rooms, player string, kinds ...string) string {
	t.Helper()
	of, err := r.Of(t.Context(), player, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(of)
	return strings.Join(of, " ")
}

// mailbox reads all messages to a player.
func mailbox(t *testing.T, p *presence.Presence, player string) []presence.Message {
	t.Helper()
	messages, _, err := p.Mailbox(t.Context(), player, "0-0")
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestRoom(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, p := newRooms(t, env)
		room, err := r.Get(t.Context(), "r")
		if !errors.Is(err, matchq.ErrNotFound) || time.Since(room.Now).Abs() > time.Minute {
			t.Fatalf("%+v, %v", room, err)
		}
		told := presence.Message{Player: "bob", Event: "joined", Data: json.RawMessage(`{"room": "r"}`)}
		first := change(t, r, rooms.Change{
			ID: "r", Doc: []byte("one"), Keep: time.Minute, Seats: []rooms.Seat{{Player: "alice"}, {Player: "bob"}}, Messages: []presence.Message{told, told},
		})
		for _, version := range []int64{0, first + 1} {
			stale := rooms.Change{ID: "r", Version: version, Doc: []byte("two"), Keep: time.Minute, Messages: []presence.Message{told}}
			if _, err := r.Change(t.Context(), stale); !errors.Is(err, rooms.ErrConflict) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		late := rooms.Change{ID: "r", Version: first, Doc: []byte("late"), Keep: time.Minute, NotAfter: room.Now.Add(-time.Second)}
		if _, err := r.Change(t.Context(), late); !errors.Is(err, rooms.ErrTooLate) {
			t.Error(err)
		}
		second := change(t, r, rooms.Change{
			ID: "r", Version: first, Doc: []byte("two\x00"), Keep: time.Minute, NotAfter: room.Now.Add(time.Minute),
			Seats: []rooms.Seat{{Player: "alice"}}, Left: []rooms.Seat{{Player: "bob"}},
		})
		room, err = r.Get(t.Context(), "r")
		if err != nil || room.Version != second || string(room.Doc) != "two\x00" || second <= first {
			t.Errorf("%+v, %v", room, err)
		}
		if a, b := roomsOf(t, r, "alice"), roomsOf(t, r, "bob"); a != "r" || b != "" {
			t.Errorf("alice sits in %q, bob in %q", a, b)
		}
		got := mailbox(t, p, "bob")
		if len(got) != 2 || got[0].Event != "joined" || string(got[0].Data) != `{"room":"r"}` {
			t.Errorf("bob was told %+v", got)
		}
		change(t, r, rooms.Change{ID: "r", Version: second, Left: []rooms.Seat{{Player: "alice"}}})
		if _, err := r.Get(t.Context(), "r"); !errors.Is(err, matchq.ErrNotFound) || roomsOf(t, r, "alice") != "" {
			t.Errorf("after it was removed: %v", err)
		}
		if again := change(t, r, rooms.Change{ID: "r", Doc: []byte("new"), Keep: time.Minute}); again <= second {
			t.Errorf("version %d after %d", again, second)
		}
	})
}

func TestRoomsAreKeptForAWhile(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		change(t, r, rooms.Change{ID: "long", Doc: []byte("x"), Keep: time.Hour, Seats: []rooms.Seat{{Player: "alice"}}})
		change(t, r, rooms.Change{ID: "short", Doc: []byte("x"), Keep: 20 * time.Millisecond, Seats: []rooms.Seat{{Player: "alice"}}})
		if env.Embedded != nil {
			env.Embedded.FastForward(50 * time.Millisecond)
		}
		matchqtest.Eventually(t, "the room is gone", func() bool {
			_, err := r.Get(t.Context(), "short")
			return errors.Is(err, matchq.ErrNotFound)
		})
		matchqtest.Eventually(t, "and so is the seat in it", func() bool { return roomsOf(t, r, "alice") == "long" })
	})
}

func TestDueRooms(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		due := func(limit int) (string, time.Duration) {
			ids, next, err := r.Due(t.Context(), limit)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(ids, " "), next
		}
		if ids, next := due(10); ids != "" || next >= 0 {
			t.Errorf("of none: %q, %v", ids, next)
		}
		room, _ := r.Get(t.Context(), "any")
		for id, seconds := range map[string]int{"a": -2, "b": -1, "c": 0, "later": 3600, "never": 0} {
			c := rooms.Change{ID: id, Doc: []byte("x"), Keep: time.Hour, WakeAt: room.Now.Add(time.Duration(seconds) * time.Second)}
			if id == "never" {
				c.WakeAt = time.Time{}
			}
			change(t, r, c)
		}
		if ids, next := due(2); ids != "a b" || next != 0 {
			t.Errorf("%q, %v", ids, next)
		}
		if ids, next := due(10); ids != "a b c" || next < 50*time.Minute || next > time.Hour {
			t.Errorf("%q, %v", ids, next)
		}
		change(t, r, rooms.Change{ID: "a", Version: 1, Doc: []byte("x"), Keep: time.Hour})
		change(t, r, rooms.Change{ID: "b", Version: 1})
		change(t, r, rooms.Change{ID: "c", Version: 1, Doc: []byte("x"), Keep: time.Hour, WakeAt: room.Now.Add(time.Minute)})
		if ids, next := due(1); ids != "" || next > time.Minute {
			t.Errorf("%q, %v", ids, next)
		}
	})
}

// An expired room leaves its timer behind; the timer can be cleared.
func TestTimerOfNoRoom(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		change(t, r, rooms.Change{ID: "r", Doc: []byte("x"), Keep: time.Millisecond, WakeAt: time.UnixMilli(1)})
		if env.Embedded != nil {
			env.Embedded.FastForward(time.Second)
		}
		matchqtest.Eventually(t, "the room is gone", func() bool {
			_, err := r.Get(t.Context(), "r")
			return err != nil
		})
		change(t, r, rooms.Change{ID: "r"})
		if ids, _, err := r.Due(t.Context(), 10); len(ids) != 0 || err != nil {
			t.Errorf("%v, %v", ids, err)
		}
		if _, err := r.Change(t.Context(), rooms.Change{ID: "r", Doc: []byte("x"), Keep: time.Hour}); err != nil {
			t.Error(err)
		}
	})
}

// Of all callers that have read one version, one changes the room.
func TestRoomsAtOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for done := 0; done < 10; {
					room, err := r.Get(t.Context(), "r")
					if err != nil && !errors.Is(err, matchq.ErrNotFound) {
						t.Error(err)
						return
					}
					_, err = r.Change(t.Context(), rooms.Change{
						ID: "r", Version: room.Version, Doc: append(room.Doc, 'x'), Keep: time.Minute,
					})
					switch {
					case err == nil:
						done++
					case !errors.Is(err, rooms.ErrConflict):
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if room, err := r.Get(t.Context(), "r"); err != nil || len(room.Doc) != 40 || room.Version != 40 {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func TestRoomChangesAreChecked(t *testing.T) {
	r, _ := newRooms(t, matchqtest.Embedded(t))
	fine := rooms.Change{ID: "r", Doc: []byte("x"), Keep: time.Minute}
	for name, spoil := range map[string]func(*rooms.Change){
		"no id":        func(c *rooms.Change) { c.ID = "" },
		"version":      func(c *rooms.Change) { c.Version = -1 },
		"large":        func(c *rooms.Change) { c.Doc = make([]byte, rooms.MaxDoc+1) },
		"empty":        func(c *rooms.Change) { c.Doc = []byte{} },
		"not kept":     func(c *rooms.Change) { c.Keep = 0 },
		"a player":     func(c *rooms.Change) { c.Left = []rooms.Seat{{Player: "\n"}} },
		"many players": func(c *rooms.Change) { c.Seats = slices.Repeat([]rooms.Seat{{Player: "a"}}, 33) },
		"many messages": func(c *rooms.Change) {
			c.Messages = slices.Repeat([]presence.Message{{Player: "a", Event: "e"}}, 65)
		},
		"a message": func(c *rooms.Change) { c.Messages = []presence.Message{{Player: "a"}} },
		"much to tell": func(c *rooms.Change) {
			long := presence.Message{Player: "a", Event: "e", Data: json.RawMessage(`"` + strings.Repeat("x", 60<<10) + `"`)}
			c.Messages = slices.Repeat([]presence.Message{long}, 5)
		},
		"seat in nothing": func(c *rooms.Change) { c.Doc, c.Seats = nil, []rooms.Seat{{Player: "a"}} },
		"kind":            func(c *rooms.Change) { c.Seats = []rooms.Seat{{Player: "a", Kind: "\t"}} },
		"long kind":       func(c *rooms.Change) { c.Left = []rooms.Seat{{Player: "a", Kind: strings.Repeat("k", 33)}} },
		"max":             func(c *rooms.Change) { c.Seats = []rooms.Seat{{Player: "a", Max: -1}} },
	} {
		c := fine
		spoil(&c)
		var invalid *matchq.InvalidError
		if _, err := r.Change(t.Context(), c); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Change(t.Context(), fine); err != nil {
		t.Error(err)
	}
}

// Count counts the rooms with a timer; OfAll keeps the order of the players.
func TestCountAndOfAll(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		first, _ := r.Get(t.Context(), "any")
		change(t, r, rooms.Change{ID: "a", Doc: []byte("x"), Keep: time.Hour, WakeAt: first.Now, Seats: []rooms.Seat{{Player: "alice"}, {Player: "bob"}}})
		change(t, r, rooms.Change{ID: "b", Doc: []byte("x"), Keep: time.Hour, WakeAt: first.Now.Add(time.Hour), Seats: []rooms.Seat{{Player: "bob"}}})
		change(t, r, rooms.Change{ID: "c", Doc: []byte("x"), Keep: time.Hour})
		if n, err := r.Count(t.Context()); err != nil || n != 2 {
			t.Errorf("%d rooms, %v", n, err)
		}
		change(t, r, rooms.Change{ID: "b", Version: 1, Left: []rooms.Seat{{Player: "bob"}}})
		if n, err := r.Count(t.Context()); err != nil || n != 1 {
			t.Errorf("%d rooms after one was removed, %v", n, err)
		}
		players := append([]string{"alice", "carol"}, slices.Repeat([]string{"dave"}, 200)...)
		of, err := r.OfAll(t.Context(), append(players, "bob"))
		if err != nil || len(of) != 203 || !slices.Equal(of[0], []string{"a"}) || of[1] != nil || !slices.Equal(of[202], []string{"a"}) {
			t.Errorf("%v, %v", of, err)
		}
	})
}
