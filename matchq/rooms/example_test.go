package rooms_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// Nodes share a counter in a room: a node that was too slow reads it again. The same step sends a message to bob.
func Example() {
	ctx := context.Background()
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true}), matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		log.Fatal(err)
	}
	r := rooms.New(p)

	count := func() {
		for {
			room, err := r.Get(ctx, "counter")
			if err != nil && !errors.Is(err, matchq.ErrNotFound) {
				log.Fatal(err)
			}
			n, _ := strconv.Atoi(string(room.Doc)) // an empty room counts as 0
			_, err = r.Change(ctx, rooms.Change{
				ID: "counter", Version: room.Version, Doc: []byte(strconv.Itoa(n + 1)), Keep: time.Minute,
				WakeAt: room.Now, Seats: []rooms.Seat{{Player: "bob"}},
				Messages: []presence.Message{{Player: "bob", Event: "counted"}},
			})
			if err == nil {
				return
			}
			if !errors.Is(err, rooms.ErrConflict) {
				log.Fatal(err)
			}
		}
	}
	count()
	count()
	room, _ := r.Get(ctx, "counter")
	due, _, _ := r.Due(ctx, 10)
	of, _ := r.Of(ctx, "bob")
	messages, _, _ := p.Mailbox(ctx, "bob", "0-0")
	fmt.Println(string(room.Doc), room.Version, due, of, len(messages))
	// Output: 2 2 [counter] [counter] 2
}
