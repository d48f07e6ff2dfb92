package rooms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/mail"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/presence"
)

var (
	// ErrConflict says that the room was changed since it was read, or is not there. Read it again.
	ErrConflict = errors.New("matchq: the room was changed meanwhile; read it again")

	// ErrTooLate says that a change came after its NotAfter.
	ErrTooLate = errors.New("matchq: too late")
)

// Room is a small document that nodes share, such as the state of a game. It belongs to no node: any node may change it
// that has read its latest version.
type Room struct {
	ID      string
	Version int64 // grows with each change, from 1
	Doc     []byte
	WakeAt  time.Time // from when on it is due, as the last change set it; zero for never
	Now     time.Time // when it was read; this and WakeAt by Redis's clock, to the millisecond
}

// Rooms are the rooms of a namespace, of one kind. It is safe for use by many goroutines.
type Rooms struct {
	space     *space.Space
	mailboxes mail.Mailboxes
	prefix    string // of ids in Redis: the kind and a TAB, which no name has; "" for the kind ""
}

// New makes Rooms in the namespace of a Presence, by which they send messages. They are of the kind "". It does not talk
// to Redis.
func New(p *presence.Presence) *Rooms {
	mailboxes := mail.Of(p)
	return &Rooms{space: mailboxes.Space, mailboxes: mailboxes}
}

// Kind returns the rooms of another kind in the same namespace, such as leases beside games. Each kind has its own ids,
// wake-ups, seats and limits of seats: Due and Count of one kind know nothing of the others. A kind is a name of 1 to 32
// bytes, or empty as that of New. It does not talk to Redis. Errors: *matchq.InvalidError.
func (r *Rooms) Kind(kind string) (*Rooms, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	of := *r
	if of.prefix = ""; kind != "" {
		of.prefix = kind + "\t"
	}
	return &of, nil
}

// stored is an id as Redis has it.
func (r *Rooms) stored(id string) string { return r.prefix + id }

// plain turns ids as Redis has them into those of the user.
func (r *Rooms) plain(ids []string) []string {
	for i, id := range ids {
		ids[i] = strings.TrimPrefix(id, r.prefix)
	}
	return ids
}

// timers ends the name of the key with the wake-ups.
func (r *Rooms) timers() string {
	if r.prefix == "" {
		return ""
	}
	return ":" + strings.TrimSuffix(r.prefix, "\t")
}

var readScript = space.Bind[readArgs]("rooms/read")

type readArgs struct {
	Kind string     `lua:"kind"`
	Rows []roomArgs `lua:"row"`
}

type roomArgs struct {
	Room string `lua:"room"`
}

// maxRead is how many rooms are read by a call to Redis: a reply has 8 MiB at most.
const maxRead = 32

// Get reads a room. Errors: matchq.ErrNotFound, with ID and Now set all the same, and matchq.ErrUnavailable.
func (r *Rooms) Get(ctx context.Context, id string) (Room, error) {
	if matchq.CheckName("room", id) != nil {
		return Room{}, matchq.ErrNotFound // no room has such a name
	}
	found, err := r.GetAll(ctx, id)
	if err != nil {
		return Room{}, err
	}
	if found[0].Version == 0 {
		return found[0], matchq.ErrNotFound
	}
	return found[0], nil
}

// GetAll reads rooms, in the order of their ids. The Version of a room that is not there is 0. It takes a call to Redis
// for each 32. Errors: matchq.ErrUnavailable, *matchq.InvalidError.
func (r *Rooms) GetAll(ctx context.Context, ids ...string) ([]Room, error) {
	all := make([]Room, 0, len(ids))
	for some := range slices.Chunk(ids, maxRead) {
		args := readArgs{Kind: r.timers(), Rows: make([]roomArgs, len(some))}
		for i, id := range some {
			if err := matchq.CheckName("room", id); err != nil {
				return nil, err
			}
			args.Rows[i].Room = r.stored(id)
		}
		reply, err := readScript.Call(ctx, r.space, args)
		if err != nil {
			return nil, err
		}
		found, err := decodeRooms(reply, some)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func decodeRooms(r *space.Reply, ids []string) ([]Room, error) {
	now := time.UnixMilli(r.Number())
	all := make([]Room, len(ids))
	for i, id := range ids {
		all[i] = Room{ID: id, Now: now}
		row := r.List()
		if row.More() {
			all[i].Version, all[i].Doc = row.Number(), []byte(row.Text())
			if wake := row.Number(); wake > 0 {
				all[i].WakeAt = time.UnixMilli(wake)
			}
			if row.Err == nil && all[i].Version < 1 {
				row.Failf("version %d", all[i].Version)
			}
		}
		r.Done(row)
	}
	return all, r.Err
}

var dueScript = space.Bind[dueArgs]("rooms/due_rooms")

type dueArgs struct {
	Kind  string `lua:"kind"`
	Limit int    `lua:"limit"`
}

// maxDue is how many rooms a call of Due returns.
const maxDue = 1000

// Due returns rooms of this kind whose WakeAt has come, the longest overdue first, at most limit of them, and in how long
// the next one after those is due; next is negative if there is none. A limit below 1 is taken as 1, one above 1,000 as
// 1,000.
//
// A room stays due until it is changed. Any number of nodes may ask; Change settles which of them wakes it. A room that
// was kept no longer is returned too: Get says matchq.ErrNotFound, and a Change without Version and Doc ends it.
//
// Errors: matchq.ErrUnavailable.
func (r *Rooms) Due(ctx context.Context, limit int) (ids []string, next time.Duration, err error) {
	reply, err := dueScript.Call(ctx, r.space, dueArgs{Kind: r.timers(), Limit: min(max(limit, 1), maxDue)})
	if err != nil {
		return nil, 0, err
	}
	next = time.Duration(reply.Number()) * time.Millisecond
	ids = r.plain(reply.Texts())
	return ids, next, reply.Err
}

var countScript = space.Bind[countArgs]("rooms/count")

type countArgs struct {
	Kind string `lua:"kind"`
}

// Count returns how many rooms of this kind have a WakeAt, such as games under way. Errors: matchq.ErrUnavailable.
func (r *Rooms) Count(ctx context.Context) (int64, error) {
	reply, err := countScript.Call(ctx, r.space, countArgs{r.timers()})
	if err != nil {
		return 0, err
	}
	rooms := reply.Number()
	return rooms, reply.Err
}
