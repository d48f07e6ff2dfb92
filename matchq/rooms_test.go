package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// change changes a room and returns the new version.
func change(t *testing.T, m *matchq.Matcher, c matchq.RoomChange) int64 {
	t.Helper()
	version, err := m.ChangeRoom(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func roomsOf(t *testing.T, m *matchq.Matcher, player string) string {
	t.Helper()
	rooms, err := m.RoomsOf(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rooms)
	return strings.Join(rooms, " ")
}

func TestRoom(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		room, err := m.Room(t.Context(), "r")
		if !errors.Is(err, matchq.ErrNotFound) || time.Since(room.Now).Abs() > time.Minute {
			t.Fatalf("%+v, %v", room, err)
		}
		told := matchq.Message{Player: "bob", Event: "joined", Data: json.RawMessage(`{"room": "r"}`)}
		first := change(t, m, matchq.RoomChange{
			ID: "r", Doc: []byte("one"), Keep: time.Minute, Players: []string{"alice", "bob"}, Messages: []matchq.Message{told, told},
		})
		for _, version := range []int64{0, first + 1} {
			stale := matchq.RoomChange{ID: "r", Version: version, Doc: []byte("two"), Keep: time.Minute, Messages: []matchq.Message{told}}
			if _, err := m.ChangeRoom(t.Context(), stale); !errors.Is(err, matchq.ErrConflict) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		late := matchq.RoomChange{ID: "r", Version: first, Doc: []byte("late"), Keep: time.Minute, NotAfter: room.Now.Add(-time.Second)}
		if _, err := m.ChangeRoom(t.Context(), late); !errors.Is(err, matchq.ErrTooLate) {
			t.Error(err)
		}
		second := change(t, m, matchq.RoomChange{
			ID: "r", Version: first, Doc: []byte("two\x00"), Keep: time.Minute, NotAfter: room.Now.Add(time.Minute),
			Players: []string{"alice"}, Left: []string{"bob"},
		})
		room, err = m.Room(t.Context(), "r")
		if err != nil || room.Version != second || string(room.Doc) != "two\x00" || second <= first {
			t.Errorf("%+v, %v", room, err)
		}
		if a, b := roomsOf(t, m, "alice"), roomsOf(t, m, "bob"); a != "r" || b != "" {
			t.Errorf("alice sits in %q, bob in %q", a, b)
		}
		got, _ := outbox(t, m, "bob", "0-0")
		if len(got) != 2 || got[0].Event != "joined" || string(got[0].Data) != `{"room":"r"}` {
			t.Errorf("bob was told %+v", got)
		}
		change(t, m, matchq.RoomChange{ID: "r", Version: second, Left: []string{"alice"}})
		if _, err := m.Room(t.Context(), "r"); !errors.Is(err, matchq.ErrNotFound) || roomsOf(t, m, "alice") != "" {
			t.Errorf("after it was removed: %v", err)
		}
		if again := change(t, m, matchq.RoomChange{ID: "r", Doc: []byte("new"), Keep: time.Minute}); again <= second {
			t.Errorf("version %d after %d", again, second)
		}
	})
}

func TestRoomsAreKeptForAWhile(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		change(t, m, matchq.RoomChange{ID: "long", Doc: []byte("x"), Keep: time.Hour, Players: []string{"alice"}})
		change(t, m, matchq.RoomChange{ID: "short", Doc: []byte("x"), Keep: 20 * time.Millisecond, Players: []string{"alice"}})
		if env.Embedded != nil {
			env.Embedded.FastForward(50 * time.Millisecond)
		}
		redistest.Eventually(t, "the room is gone", func() bool {
			_, err := m.Room(t.Context(), "short")
			return errors.Is(err, matchq.ErrNotFound)
		})
		redistest.Eventually(t, "and so is the seat in it", func() bool { return roomsOf(t, m, "alice") == "long" })
	})
}

func TestDueRooms(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		due := func(most int) (string, time.Duration) {
			ids, next, err := m.DueRooms(t.Context(), most)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(ids, " "), next
		}
		if ids, next := due(10); ids != "" || next >= 0 {
			t.Errorf("of none: %q, %v", ids, next)
		}
		room, _ := m.Room(t.Context(), "any")
		for id, seconds := range map[string]int{"a": -2, "b": -1, "c": 0, "later": 3600, "never": 0} {
			c := matchq.RoomChange{ID: id, Doc: []byte("x"), Keep: time.Hour, WakeAt: room.Now.Add(time.Duration(seconds) * time.Second)}
			if id == "never" {
				c.WakeAt = time.Time{}
			}
			change(t, m, c)
		}
		if ids, next := due(2); ids != "a b" || next != 0 {
			t.Errorf("%q, %v", ids, next)
		}
		if ids, next := due(10); ids != "a b c" || next < 50*time.Minute || next > time.Hour {
			t.Errorf("%q, %v", ids, next)
		}
		change(t, m, matchq.RoomChange{ID: "a", Version: 1, Doc: []byte("x"), Keep: time.Hour})
		change(t, m, matchq.RoomChange{ID: "b", Version: 1})
		change(t, m, matchq.RoomChange{ID: "c", Version: 1, Doc: []byte("x"), Keep: time.Hour, WakeAt: room.Now.Add(time.Minute)})
		if ids, next := due(1); ids != "" || next > time.Minute {
			t.Errorf("%q, %v", ids, next)
		}
	})
}

// A room whose time is over leaves its timer behind, which can be cleared.
func TestTimerOfNoRoom(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		change(t, m, matchq.RoomChange{ID: "r", Doc: []byte("x"), Keep: time.Millisecond, WakeAt: time.UnixMilli(1)})
		if env.Embedded != nil {
			env.Embedded.FastForward(time.Second)
		}
		redistest.Eventually(t, "the room is gone", func() bool {
			_, err := m.Room(t.Context(), "r")
			return err != nil
		})
		change(t, m, matchq.RoomChange{ID: "r"})
		if ids, _, err := m.DueRooms(t.Context(), 10); len(ids) != 0 || err != nil {
			t.Errorf("%v, %v", ids, err)
		}
		if _, err := m.ChangeRoom(t.Context(), matchq.RoomChange{ID: "r", Doc: []byte("x"), Keep: time.Hour}); err != nil {
			t.Error(err)
		}
	})
}

// TestRoomModel changes rooms at random, some calls twice as the driver does, and compares them with a map.
func TestRoomModel(t *testing.T) {
	fewer(t, 25)
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		change(t, m, matchq.RoomChange{ID: "first"}) // which agrees on the configuration too
		hook := &repeater{}
		env.Client.AddHook(hook)
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			docs, versions, told := map[string]string{}, map[string]int64{}, 0
			player := fmt.Sprint("player", round)
			rt.Repeat(map[string]func(*rapid.T){"change": func(rt *rapid.T) {
				id := fmt.Sprintf("%d-%d", round, rapid.IntRange(0, 2).Draw(rt, "room"))
				c := matchq.RoomChange{ID: id, Version: versions[id], Keep: time.Minute}
				if docs[id] == "" {
					c.Version = 0
				}
				stale := rapid.IntRange(0, 3).Draw(rt, "stale") == 0
				if stale {
					c.Version++
				}
				if rapid.IntRange(0, 3).Draw(rt, "removed") > 0 {
					c.Doc, c.Players = []byte(rapid.StringN(1, 10, -1).Draw(rt, "doc")), []string{player}
				} else {
					c.Left = []string{player}
				}
				c.Messages = []matchq.Message{{Player: player, Event: "changed"}}
				if rapid.Bool().Draw(rt, "twice") {
					hook.next("change", nil)
				}
				nothing := c.Version == 0 && c.Doc == nil
				version, err := m.ChangeRoom(t.Context(), c)
				twice := hook.stop()
				switch {
				case stale && !errors.Is(err, matchq.ErrConflict):
					rt.Fatalf("a stale change: %v", err)
				case !stale && err != nil:
					rt.Fatal(err)
				case !stale && !nothing:
					if version <= versions[id] {
						rt.Fatalf("version %d after %d", version, versions[id])
					}
					docs[id], versions[id] = string(c.Doc), version
				}
				if !stale {
					told++
					if nothing && twice {
						told++ // there is no room to remember it
					}
				}
				var seats []string
				for id, doc := range docs {
					room, err := m.Room(t.Context(), id)
					if string(room.Doc) != doc || (err != nil) != (doc == "") || doc != "" && room.Version != versions[id] {
						rt.Fatalf("%+v, %v; should be %q, version %d", room, err, doc, versions[id])
					}
					if doc != "" {
						seats = append(seats, id)
					}
				}
				slices.Sort(seats)
				if got := roomsOf(t, m, player); got != strings.Join(seats, " ") {
					rt.Fatalf("sits in %q, should in %q", got, seats)
				}
				if got, _ := outbox(t, m, player, "0-0"); len(got) != min(told, 256) {
					rt.Fatalf("was told %d times, should be %d", len(got), told)
				}
			}})
		})
	})
}

// Of all who have seen the same version, one changes it.
func TestRoomsAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for done := 0; done < 10; {
					room, err := m.Room(t.Context(), "r")
					if err != nil && !errors.Is(err, matchq.ErrNotFound) {
						t.Error(err)
						return
					}
					_, err = m.ChangeRoom(t.Context(), matchq.RoomChange{
						ID: "r", Version: room.Version, Doc: append(room.Doc, 'x'), Keep: time.Minute,
					})
					switch {
					case err == nil:
						done++
					case !errors.Is(err, matchq.ErrConflict):
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if room, err := m.Room(t.Context(), "r"); err != nil || len(room.Doc) != 40 || room.Version != 40 {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func TestRoomChangesAreChecked(t *testing.T) {
	m := newMatcher(t, redistest.Embedded(t), matchq.Config{})
	fine := matchq.RoomChange{ID: "r", Doc: []byte("x"), Keep: time.Minute}
	for name, spoil := range map[string]func(*matchq.RoomChange){
		"no id":        func(c *matchq.RoomChange) { c.ID = "" },
		"version":      func(c *matchq.RoomChange) { c.Version = -1 },
		"large":        func(c *matchq.RoomChange) { c.Doc = make([]byte, matchq.MaxRoom+1) },
		"empty":        func(c *matchq.RoomChange) { c.Doc = []byte{} },
		"not kept":     func(c *matchq.RoomChange) { c.Keep = 0 },
		"a player":     func(c *matchq.RoomChange) { c.Left = []string{"\n"} },
		"many players": func(c *matchq.RoomChange) { c.Players = slices.Repeat([]string{"a"}, 33) },
		"many messages": func(c *matchq.RoomChange) {
			c.Messages = slices.Repeat([]matchq.Message{{Player: "a", Event: "e"}}, 65)
		},
		"a message": func(c *matchq.RoomChange) { c.Messages = []matchq.Message{{Player: "a"}} },
		"much to tell": func(c *matchq.RoomChange) {
			long := matchq.Message{Player: "a", Event: "e", Data: json.RawMessage(`"` + strings.Repeat("x", 60<<10) + `"`)}
			c.Messages = slices.Repeat([]matchq.Message{long}, 5)
		},
		"seat in nothing": func(c *matchq.RoomChange) { c.Doc, c.Players = nil, []string{"a"} },
	} {
		c := fine
		spoil(&c)
		var invalid *matchq.InvalidError
		if _, err := m.ChangeRoom(t.Context(), c); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := m.ChangeRoom(t.Context(), fine); err != nil {
		t.Error(err)
	}
}
