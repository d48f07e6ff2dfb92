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

// Games have a question that ends, and a player has one game at a time.
func ExampleRooms_Change() {
	ctx := context.Background()
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		log.Fatal(err)
	}
	r := rooms.New(p)
	begin := func(id string, players ...string) error {
		at, err := r.Get(ctx, id) // there is none yet: this is about the time, by Redis's clock
		if !errors.Is(err, matchq.ErrNotFound) {
			return err
		}
		c := rooms.Change{ID: id, Doc: []byte(`{"question":1}`), Keep: time.Hour, WakeAt: at.Now.Add(10 * time.Second)}
		for _, player := range players {
			c.Seats = append(c.Seats, rooms.Seat{Player: player, Kind: "game", Max: 1})
		}
		_, err = r.Change(ctx, c)
		return err
	}
	fmt.Println(begin("game-1", "alice", "bob"), begin("game-2", "carol", "dave"))
	full, ok := errors.AsType[*rooms.FullError](begin("game-3", "erin", "alice"))
	fmt.Println("plays already:", ok && full.Seat.Player == "alice")

	// An answer counts until the question is over.
	game, err := r.Get(ctx, "game-1")
	if err != nil {
		log.Fatal(err)
	}
	late := rooms.Change{ID: game.ID, Version: game.Version, Doc: game.Doc, Keep: time.Hour, NotAfter: game.Now.Add(-time.Second)}
	_, err = r.Change(ctx, late)
	fmt.Println("too late:", errors.Is(err, rooms.ErrTooLate), "too large:", len(game.Doc) > rooms.MaxDoc)

	// The count for an operator, and the rooms that a process asks for once its players have all connected again.
	games, err := r.Count(ctx)
	if err != nil {
		log.Fatal(err)
	}
	of, err := r.OfAll(ctx, []string{"alice", "erin"}, "game")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(games, of)
	all, err := r.GetAll(ctx, of[0]...)
	if err != nil {
		log.Fatal(err)
	}
	there, err := r.Exist(ctx, "game-2", "game-3")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(all[0].Doc), there)
	// Output:
	// <nil> <nil>
	// plays already: true
	// too late: true too large: false
	// 2 [[game-1] []]
	// {"question":1} [true false]
}
