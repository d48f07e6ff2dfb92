package rooms_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
)

// Kinds know nothing of each other's rooms, wake-ups and seats, though their ids and players are the same.
func TestKindsAreApart(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		games, _ := newRooms(t, env)
		leases := kindOf(t, games, "leases")
		at := time.UnixMilli(1)
		for i, r := range []*rooms.Rooms{games, leases} {
			change(t, r, rooms.Change{
				ID: "one", Doc: []byte{byte('0' + i)}, Keep: time.Hour, WakeAt: at,
				Seats: []rooms.Seat{{Player: "alice", Max: 1}, {Player: "alice", Kind: "k", Max: 1}},
			})
		}
		change(t, leases, rooms.Change{ID: "two", Doc: []byte("2"), Keep: time.Hour, WakeAt: at, Seats: []rooms.Seat{{Player: "bob"}}})
		change(t, games, rooms.Change{ID: "one", Version: 1}) // it is removed, with its wake-up
		for _, c := range []struct {
			r    *rooms.Rooms
			due  string
			here []bool
		}{{games, "", []bool{false, false}}, {leases, "one two", []bool{true, true}}, {kindOf(t, leases, "k"), "", []bool{false, false}}} {
			due, _, err := c.r.Due(t.Context(), 10)
			if err != nil || strings.Join(due, " ") != c.due {
				t.Errorf("due: %v, %v, not %s", due, err, c.due)
			}
			if n, err := c.r.Count(t.Context()); err != nil || int(n) != len(due) {
				t.Errorf("%d rooms, %v", n, err)
			}
			if here, err := c.r.Exist(t.Context(), "one", "two"); err != nil || !slices.Equal(here, c.here) {
				t.Errorf("there: %v, %v", here, err)
			}
		}
		of, err := leases.OfAll(t.Context(), []string{"alice", "bob"}, "", "k")
		if err != nil || fmt.Sprint(of) != "[[one] [two]]" {
			t.Errorf("seats: %v, %v", of, err)
		}
		if back := kindOf(t, leases, ""); roomsOf(t, back, "alice") != "one" { // which it did not leave
			t.Errorf("the kind of New has %q", roomsOf(t, back, "alice"))
		}
		room, err := leases.Get(t.Context(), "one")
		if err != nil || room.ID != "one" || string(room.Doc) != "1" || !room.WakeAt.Equal(at) {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func kindOf(t *testing.T, r *rooms.Rooms, kind string) *rooms.Rooms {
	t.Helper()
	of, err := r.Kind(kind)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

func TestKindsAreChecked(t *testing.T) {
	r, _ := newRooms(t, matchqtest.Embedded(t))
	for _, kind := range []string{"a\tb", "..", strings.Repeat("k", 33), "\xff"} {
		var invalid *matchq.InvalidError
		if _, err := r.Kind(kind); !errors.As(err, &invalid) || invalid.Field != "kind" {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

// A room, as it is read, says when it is due. A time of any distance is one.
func TestWakeAtIsRead(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		version := int64(0)
		now := time.Now().Truncate(time.Millisecond)
		for _, c := range []struct{ set, read time.Time }{
			{now.Add(time.Hour), now.Add(time.Hour)},
			{time.Time{}, time.Time{}},
			{time.UnixMilli(-5), time.UnixMilli(1)},
			{time.Date(200_000_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		} {
			version = change(t, r, rooms.Change{ID: "r", Version: version, Doc: []byte("x"), Keep: time.Hour, WakeAt: c.set})
			all, err := r.GetAll(t.Context(), "none", "r")
			if err != nil || !all[1].WakeAt.Equal(c.read) || all[1].WakeAt.IsZero() != c.read.IsZero() || !all[0].WakeAt.IsZero() {
				t.Errorf("set to %v: %+v, %v", c.set, all, err)
			}
		}
		late := rooms.Change{ID: "r", Version: version, Doc: []byte("x"), Keep: time.Hour, NotAfter: time.UnixMilli(-5)}
		if _, err := r.Change(t.Context(), late); !errors.Is(err, rooms.ErrTooLate) {
			t.Errorf("not after a time before 1970: %v", err)
		}
	})
}

// Many workers take leases of many tasks: each task goes to one, and none is left.
func TestALeaseGoesToOneWorker(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		tasks := kindOf(t, r, "tasks")
		const n = 20
		for i := range n {
			change(t, tasks, rooms.Change{ID: fmt.Sprint(i), Doc: []byte("x"), Keep: time.Hour, WakeAt: time.UnixMilli(1)})
		}
		var mu sync.Mutex
		taken := map[string]int{}
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for {
					task, ok, err := lease(t.Context(), tasks)
					if err != nil {
						t.Error(err)
					}
					if due, _, _ := tasks.Due(t.Context(), 1); !ok && len(due) == 0 {
						return
					}
					if mu.Lock(); ok {
						taken[task.ID]++
					}
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		if len(taken) != n {
			t.Errorf("%d tasks were taken", len(taken))
		}
		for id, times := range taken {
			if times != 1 {
				t.Errorf("task %s was taken %d times", id, times)
			}
		}
	})
}
