package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Nodes count in a room together: whoever was too slow reads it again. Bob is told in the same step.
func ExampleMatcher_ChangeRoom() {
	ctx := context.Background()
	rdb, end := exampleClient()
	defer end()
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	count := func() {
		for {
			room, err := m.Room(ctx, "counter")
			if err != nil && !errors.Is(err, matchq.ErrNotFound) {
				log.Fatal(err)
			}
			n, _ := strconv.Atoi(string(room.Doc)) // nothing counts as 0
			_, err = m.ChangeRoom(ctx, matchq.RoomChange{
				ID: "counter", Version: room.Version, Doc: []byte(strconv.Itoa(n + 1)), Keep: time.Minute,
				WakeAt: room.Now, Players: []string{"bob"},
				Messages: []matchq.Message{{Player: "bob", Event: "counted"}},
			})
			if !errors.Is(err, matchq.ErrConflict) {
				return
			}
		}
	}
	count()
	count()
	room, _ := m.Room(ctx, "counter")
	due, _, _ := m.DueRooms(ctx, 10)
	rooms, _ := m.RoomsOf(ctx, "bob")
	messages, _, _ := m.Outbox(ctx, "bob", "0-0")
	fmt.Println(string(room.Doc), room.Version, due, rooms, len(messages))
	// Output: 2 2 [counter] [counter] 2
}
