package rooms_test

import (
	"errors"
	"fmt"
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
				if rapid.IntRange(0, 3).Draw(rt, "removed") > 0 {
					c.Doc, c.Players = []byte(rapid.StringN(1, 10, -1).Draw(rt, "doc")), []string{player}
				} else {
					c.Left = []string{player}
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
					room, err := r.Get(t.Context(), id)
					if string(room.Doc) != doc || (err != nil) != (doc == "") || doc != "" && room.Version != versions[id] {
						rt.Fatalf("%+v, %v; should be %q, version %d", room, err, doc, versions[id])
					}
					if doc != "" {
						seats = append(seats, id)
					}
				}
				slices.Sort(seats)
				if got := roomsOf(t, r, player); got != strings.Join(seats, " ") {
					rt.Fatalf("sits in %q, should in %q", got, seats)
				}
				if got := mailbox(t, p, player); len(got) != min(told, 256) {
					rt.Fatalf("was told %d times, should be %d", len(got), told)
				}
			}})
		})
	})
}
