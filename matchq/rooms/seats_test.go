package rooms_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
)

// Many take a seat of one player at once: as many get it as there may be.
func TestSeatsAreLimitedAtOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		one, _ := newRooms(t, env)
		two, _ := newRooms(t, env)
		var (
			all   sync.WaitGroup
			taken atomic.Int64
		)
		for i := range 20 {
			all.Go(func() {
				r := []*rooms.Rooms{one, two}[i%2]
				_, err := r.Change(t.Context(), rooms.Change{
					ID: fmt.Sprint("r", i), Doc: []byte("x"), Keep: time.Minute,
					Seats: []rooms.Seat{{Player: fmt.Sprint("p", i), Kind: "asks"}, {Player: "popular", Kind: "asked", Max: 7}},
				})
				var full *rooms.FullError
				switch {
				case err == nil:
					taken.Add(1)
				case !errors.As(err, &full) || full.Seat.Player != "popular" || full.Error() != `matchq: player "popular" has a seat "asked" in 7 rooms already`:
					t.Error(err)
				case roomsOf(t, r, fmt.Sprint("p", i), "asks") != "":
					t.Error("a refused change gave a seat")
				}
			})
		}
		all.Wait()
		if of := roomsOf(t, one, "popular", "asked"); taken.Load() != 7 || strings.Count(of, "r") != 7 {
			t.Errorf("%d took a seat: %s", taken.Load(), of)
		}
	})
}

// A seat whose room is kept no longer does not count.
func TestForgottenSeatsMakeRoom(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		seat := []rooms.Seat{{Player: "alice", Max: 1}}
		change(t, r, rooms.Change{ID: "short", Doc: []byte("x"), Keep: 20 * time.Millisecond, Seats: seat})
		change(t, r, rooms.Change{ID: "long", Doc: []byte("x"), Keep: time.Hour, Seats: []rooms.Seat{{Player: "alice", Kind: "other"}}})
		matchqtest.Eventually(t, "there is room", func() bool {
			_, err := r.Change(t.Context(), rooms.Change{ID: "next", Doc: []byte("x"), Keep: time.Hour, Seats: seat})
			return err == nil
		})
	})
}

// The number of seats is bounded even if no change says a limit, and so is what it costs to read them.
func TestSeatsAreBounded(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		for i := range 40 {
			change(t, r, rooms.Change{
				ID: fmt.Sprintf("r%02d", i), Doc: []byte("x"), Keep: time.Hour + time.Duration(i)*time.Second, Seats: []rooms.Seat{{Player: "alice", Kind: "k"}},
			})
		}
		of, err := r.Of(t.Context(), "alice", "k")
		if err != nil || len(of) != 32 || of[0] != "r39" || of[31] != "r08" {
			t.Errorf("%d: %v, %v", len(of), of, err)
		}
		all, err := r.GetAll(t.Context(), append(slices.Clone(of), "none", "r00")...)
		if err != nil || len(all) != 34 || all[0].ID != "r39" || string(all[33].Doc) != "x" || all[32].Version != 0 || all[32].Doc != nil {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
