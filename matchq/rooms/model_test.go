package rooms_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// TestRoomModel changes rooms at random, repeats some calls as the driver does, and compares them with a map.
func TestRoomModel(t *testing.T) {
	t.Parallel()
	testkit.Checks(t, 25)
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, p := newRooms(t, env)
		change(t, r, rooms.Change{ID: "first"}) // this also sets the configuration
		hook := &testkit.Repeater{}
		env.Client.AddHook(hook)
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			docs, versions, told := map[string]string{}, map[string]int64{}, 0
			player := fmt.Sprint("player", round)
			kinds := []string{"", "k", "other"}
			held := map[string]map[string]bool{"": {}, "k": {}, "other": {}} // rooms by kind of seat
			rt.Repeat(map[string]func(*rapid.T){"change": func(rt *rapid.T) {
				id := fmt.Sprintf("%d-%d", round, rapid.IntRange(0, 2).Draw(rt, "room"))
				c := rooms.Change{ID: id, Version: versions[id], Keep: time.Minute}
				if docs[id] == "" {
					c.Version = 0
				}
				stale := rapid.IntRange(0, 3).Draw(rt, "stale") == 0
				if stale {
					c.Version++
				}
				full := false
				if rapid.IntRange(0, 3).Draw(rt, "removed") > 0 {
					seat := rooms.Seat{Player: player, Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Max: rapid.IntRange(0, 2).Draw(rt, "max")}
					others := len(held[seat.Kind])
					if held[seat.Kind][id] {
						others--
					}
					full = seat.Max > 0 && others >= seat.Max
					c.Doc, c.Seats = []byte(rapid.StringN(1, 10, -1).Draw(rt, "doc")), []rooms.Seat{seat}
				} else {
					c.Left = []rooms.Seat{{Player: player}, {Player: player, Kind: "k"}, {Player: player, Kind: "other"}}
				}
				c.Messages = []presence.Message{{Player: player, Event: "changed"}}
				if rapid.Bool().Draw(rt, "twice") {
					hook.Next("rooms/change", nil)
				}
				nothing := c.Version == 0 && c.Doc == nil
				version, err := r.Change(t.Context(), c)
				twice := hook.Stop()
				switch {
				case stale && !errors.Is(err, rooms.ErrConflict):
					rt.Fatalf("a stale change: %v", err)
				case !stale && full:
					var refused *rooms.FullError
					if !errors.As(err, &refused) || refused.Seat != c.Seats[0] {
						rt.Fatalf("%v, should be full: %+v", err, c.Seats)
					}
					stale = true // as far as the room goes
				case !stale && err != nil:
					rt.Fatal(err)
				case !stale && !nothing:
					if version <= versions[id] {
						rt.Fatalf("version %d after %d", version, versions[id])
					}
					docs[id], versions[id] = string(c.Doc), version
				}
				for _, seat := range c.Seats {
					held[seat.Kind][id] = held[seat.Kind][id] || !stale
					if !held[seat.Kind][id] {
						delete(held[seat.Kind], id)
					}
				}
				for _, seat := range c.Left {
					if !stale {
						delete(held[seat.Kind], id)
					}
				}
				if !stale {
					told++
					if nothing && twice {
						told++ // there is no room to remember it
					}
				}
				for id, doc := range docs {
					room, err := r.Get(t.Context(), id)
					if string(room.Doc) != doc || (err != nil) != (doc == "") || doc != "" && room.Version != versions[id] {
						rt.Fatalf("%+v, %v; should be %q, version %d", room, err, doc, versions[id])
					}
				}
				every := map[string]bool{}
				for _, kind := range kinds {
					maps.Copy(every, held[kind])
					if got := roomsOf(t, r, player, kind); got != strings.Join(slices.Sorted(maps.Keys(held[kind])), " ") {
						rt.Fatalf("has seats %q in %q, should in %v", kind, got, held[kind])
					}
				}
				if got := roomsOf(t, r, player, kinds...); got != strings.Join(slices.Sorted(maps.Keys(every)), " ") {
					rt.Fatalf("has seats in %q, should in %v", got, every)
				}
				if got := mailbox(t, p, player); len(got) != min(told, 256) {
					rt.Fatalf("was told %d times, should be %d", len(got), told)
				}
			}})
		})
	})
}
