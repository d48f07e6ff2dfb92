// Package rooms keeps small documents that nodes share, such as the state of a game: with versions, seats of players, and
// wake-ups.
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//		"time"
//
//		"github.com/redis/go-redis/v9"
//
//		"github.com/matchq/matchq/matchq"
//		"github.com/matchq/matchq/matchq/presence"
//		"github.com/matchq/matchq/matchq/rooms"
//	)
//
//	func main() {
//		ctx := context.Background()
//		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//		m, err := matchq.New(rdb, matchq.Config{})
//		if err != nil {
//			log.Fatal(err)
//		}
//		p, err := presence.New(m, presence.Config{})
//		if err != nil {
//			log.Fatal(err)
//		}
//		r := rooms.New(p)
//
//		// A game begins: the room is new, so its version is 0.
//		_, err = r.Change(ctx, rooms.Change{
//			ID: "game-1", Doc: []byte(`{"question": 1}`), Keep: time.Hour, Seats: []rooms.Seat{{Player: "alice"}, {Player: "bob"}},
//			Messages: []presence.Message{{Player: "alice", Event: "begin"}, {Player: "bob", Event: "begin"}},
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		room, err := r.Get(ctx, "game-1")
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Println(room.Version, string(room.Doc)) // 1 {"question": 1}
//	}
//
// # Changes
//
// To change a room, read it with Get and pass its Version to Change. If another node was faster, Change returns
// ErrConflict and does nothing: read the room again, and decide anew. Change replaces the document, gives and takes seats,
// sets the wake-up and sends messages, all in one step or not at all. A document has up to MaxDoc bytes (256 KiB), and is
// kept for Change.Keep after its last change.
//
// After matchq.ErrUnavailable it is unknown whether the change was made. Read the room to find out.
//
// # Wake-ups
//
// Change.WakeAt sets when the room needs work, such as at the end of a question. Due returns the rooms that are due, on
// any node, so a game goes on when the node dies that served it. Several nodes may get the same room: each computes the
// change, and only one of these Changes succeeds. Change.NotAfter refuses an answer that came too late. Room.WakeAt
// tells when a room is due.
//
// Kind keeps rooms apart that are woken by different code, such as games and leases: each kind has its own ids, wake-ups and
// seats.
//
// # A queue of leases
//
// Rooms with a WakeAt are a queue for work that is due at a time: Due lists it, and the Change that moves WakeAt ahead is a
// lease, which one worker gets. A worker that is done removes the room. If it dies, the room is due again when the lease is
// over. See the example of Rooms.Kind. For work at each match use matchq.Matcher.Consume, which does all that by itself.
//
// # Seats
//
// A player in Change.Seats has a seat until Change.Left names it, or the room is kept no longer. Of returns the rooms of a
// player. Kinds tell a player's seats apart, such as those in games from those in invitations. A player keeps at most 32
// seats of a kind: another one replaces the seat in the room that is kept shortest. With Seat.Max the change is refused
// instead, and also at a smaller number: of all nodes that ask at once, as many succeed as there may be.
package rooms
