package rooms

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/mail"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/presence"
)

var (
	// ErrConflict says that the room was changed since it was read, or is not there. Read it again.
	ErrConflict = errors.New("matchq: the room was changed meanwhile")

	// ErrTooLate says that a change came after its NotAfter.
	ErrTooLate = errors.New("matchq: too late")
)

// Room is a small document that nodes share, such as the state of a game. It belongs to no node: any node may change it
// that has read its latest version.
type Room struct {
	ID      string
	Version int64 // grows with each change, from 1
	Doc     []byte
	Now     time.Time // when it was read, by Redis's clock, to the millisecond
}

// Rooms are the rooms of a namespace. It is safe for use by many goroutines.
type Rooms struct {
	space     *space.Space
	mailboxes mail.Mailboxes
}

// New makes Rooms in the namespace of a Presence, by which they send messages. It does not talk to Redis.
func New(p *presence.Presence) *Rooms {
	mailboxes := mail.Of(p)
	return &Rooms{space: mailboxes.Space, mailboxes: mailboxes}
}

var roomScript = space.Bind[roomArgs]("rooms/room")

type roomArgs struct {
	Room string `lua:"room"`
}

// Get reads a room. Errors: matchq.ErrNotFound, with ID and Now set all the same, and matchq.ErrUnavailable.
func (r *Rooms) Get(ctx context.Context, id string) (Room, error) {
	if matchq.CheckName("room", id) != nil {
		return Room{}, matchq.ErrNotFound // no room has such a name
	}
	reply, err := roomScript.Call(ctx, r.space, roomArgs{Room: id})
	if err != nil {
		return Room{}, err
	}
	return decodeRoom(reply, id)
}

func decodeRoom(r *space.Reply, id string) (Room, error) {
	room := Room{ID: id, Now: time.UnixMilli(r.Number())}
	if r.Err == nil && !r.More() {
		return room, matchq.ErrNotFound
	}
	room.Version = r.Number()
	room.Doc = []byte(r.Text())
	return room, r.Err
}

var dueScript = space.Bind[dueArgs]("rooms/due_rooms")

type dueArgs struct {
	Limit int `lua:"limit"`
}

// maxDue is how many rooms a call of Due returns.
const maxDue = 1000

// Due returns rooms whose WakeAt has come, the longest overdue first, at most limit of them, and in how long the next one
// after those is due; next is negative if there is none. A limit below 1 is taken as 1, one above 1,000 as 1,000.
//
// A room stays due until it is changed. Any number of nodes may ask; Change settles which of them wakes it. A room that
// was kept no longer is returned too: Get says matchq.ErrNotFound, and a Change without Version and Doc ends it.
//
// Errors: matchq.ErrUnavailable.
func (r *Rooms) Due(ctx context.Context, limit int) (ids []string, next time.Duration, err error) {
	reply, err := dueScript.Call(ctx, r.space, dueArgs{Limit: min(max(limit, 1), maxDue)})
	if err != nil {
		return nil, 0, err
	}
	next = time.Duration(reply.Number()) * time.Millisecond
	ids = reply.Texts()
	return ids, next, reply.Err
}

var roomsOfScript = space.Bind[roomsOfArgs]("rooms/rooms_of")

type roomsOfArgs struct {
	Limit int          `lua:"limit"`
	Rows  []roomsOfRow `lua:"row"`
}

type roomsOfRow struct {
	Player string `lua:"player"`
}

const (
	maxRoomsOf = 256 // rooms of a player
	maxPlayers = 128 // players of a call to Redis
)

// Of returns the rooms in which a player has a seat, those that are kept longest first, at most 256. Errors:
// matchq.ErrUnavailable.
func (r *Rooms) Of(ctx context.Context, player string) ([]string, error) {
	all, err := r.OfAll(ctx, []string{player})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// OfAll is Of for many players, in their order. It takes a call to Redis for each 128 of them. Errors:
// matchq.ErrUnavailable.
func (r *Rooms) OfAll(ctx context.Context, players []string) ([][]string, error) {
	all := make([][]string, 0, len(players))
	for some := range slices.Chunk(players, maxPlayers) {
		args := roomsOfArgs{Limit: maxRoomsOf, Rows: make([]roomsOfRow, len(some))}
		for i, player := range some {
			args.Rows[i].Player = player
		}
		reply, err := roomsOfScript.Call(ctx, r.space, args)
		if err != nil {
			return nil, err
		}
		rooms, err := decodeRoomsOf(reply, len(some))
		if err != nil {
			return nil, err
		}
		all = append(all, rooms...)
	}
	return all, nil
}

func decodeRoomsOf(r *space.Reply, players int) ([][]string, error) {
	all := make([][]string, players)
	for i := range all {
		row := r.List()
		all[i] = row.Texts()
		r.Done(row)
	}
	return all, r.Err
}

var countScript = space.Bind[countArgs]("rooms/count")

type countArgs struct{}

// Count returns how many rooms have a WakeAt, such as games under way. Errors: matchq.ErrUnavailable.
func (r *Rooms) Count(ctx context.Context) (int64, error) {
	reply, err := countScript.Call(ctx, r.space, countArgs{})
	if err != nil {
		return 0, err
	}
	rooms := reply.Number()
	return rooms, reply.Err
}
