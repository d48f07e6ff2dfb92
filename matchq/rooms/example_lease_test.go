package rooms_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// leaseFor is how long a worker may take. A longer task moves WakeAt ahead again while it works.
const leaseFor = time.Minute

// lease takes one task that is due. ok is false if there is none.
func lease(ctx context.Context, tasks *rooms.Rooms) (task rooms.Room, ok bool, err error) {
	due, _, err := tasks.Due(ctx, 10)
	if err != nil {
		return task, false, err
	}
	for _, id := range due {
		task, err = tasks.Get(ctx, id)
		if errors.Is(err, matchq.ErrNotFound) { // it was done, or kept no longer: end its wake-up
			_, err = tasks.Change(ctx, rooms.Change{ID: id})
			if err != nil && !errors.Is(err, rooms.ErrConflict) {
				return task, false, err
			}
			continue
		}
		if err != nil || task.WakeAt.After(task.Now) { // another worker has it by now
			continue
		}
		task.Version, err = tasks.Change(ctx, rooms.Change{
			ID: id, Version: task.Version, Doc: task.Doc, Keep: time.Hour, WakeAt: task.Now.Add(leaseFor),
		})
		if err == nil {
			return task, true, nil
		}
		if !errors.Is(err, rooms.ErrConflict) { // after a conflict another worker has it
			return task, false, err
		}
	}
	return task, false, nil
}

// Rooms of a kind as a queue of leases: a task goes to one worker, and to another one if that dies.
func ExampleRooms_Kind() {
	ctx := context.Background()
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	now := time.Now()
	server.SetTime(now)
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true}), matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		log.Fatal(err)
	}
	tasks, err := rooms.New(p).Kind("tasks")
	if err != nil {
		log.Fatal(err)
	}

	_, err = tasks.Change(ctx, rooms.Change{ID: "season-end", Doc: []byte("pay prizes"), Keep: time.Hour, WakeAt: now})
	if err != nil {
		log.Fatal(err)
	}
	first, ok, _ := lease(ctx, tasks)
	fmt.Println("first worker:", string(first.Doc), ok)
	_, ok, _ = lease(ctx, tasks)
	fmt.Println("second worker, meanwhile:", ok)
	server.SetTime(now.Add(leaseFor)) // the first worker has died
	second, ok, _ := lease(ctx, tasks)
	fmt.Println("second worker, later:", string(second.Doc), ok)
	_, err = tasks.Change(ctx, rooms.Change{ID: first.ID, Version: first.Version})
	fmt.Println("first worker comes back:", err)
	_, err = tasks.Change(ctx, rooms.Change{ID: second.ID, Version: second.Version})
	fmt.Println("second worker is done:", err)
	// Output:
	// first worker: pay prizes true
	// second worker, meanwhile: false
	// second worker, later: pay prizes true
	// first worker comes back: matchq: the room was changed meanwhile; read it again
	// second worker is done: <nil>
}
