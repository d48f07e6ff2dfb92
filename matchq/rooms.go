package matchq

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Room is a small document that nodes share: the state of a game, say. It belongs to nobody; whoever changes it must
// have seen what they change.
type Room struct {
	ID      string
	Version int64 // grows with each change, from 1
	Doc     []byte
	Now     time.Time // when it was read, by Redis's clock, to the millisecond
}

// MaxRoom is how many bytes a room's document may have.
const MaxRoom = 256 << 10

// A change takes a limited number of messages, and of seats.
const (
	mostRoomMessages = 64
	mostSeats        = 32
)

// RoomChange is what ChangeRoom does.
type RoomChange struct {
	ID      string // a name of 1 to 128 bytes
	Version int64  // of the room as you read it; 0 if there is none yet

	// Doc is the new document, of up to MaxRoom bytes. nil removes the room; of one that is not there, with Version 0,
	// only what is left of it.
	Doc []byte
	// Keep is how long the room is kept unless it is changed again, in whole milliseconds; at least 1 ms with a Doc.
	Keep time.Duration
	// NotAfter, by Redis's clock, is the last millisecond in which the change counts; the zero value is no limit.
	NotAfter time.Time
	// WakeAt, by Redis's clock, is when DueRooms names the room; the zero value is never. Removing it ends that too.
	WakeAt time.Time
	// Players are those who have a seat from now on: RoomsOf tells of it while the room is kept. Left are those who have
	// none any more. Together at most 32.
	Players, Left []string
	// Messages are posted in the same step, as by Post but for their keys: those are not compared. At most 64, and
	// 256 KiB.
	Messages []Message
}

// Room reads a room. Errors: ErrNotFound, with Now set all the same, and ErrUnavailable.
func (m *Matcher) Room(ctx context.Context, id string) (Room, error) {
	if CheckName("room", id) != nil {
		return Room{}, ErrNotFound
	}
	return within(ctx, m, nil, func(ctx context.Context) (Room, error) {
		r, err := m.read(ctx, m.scripts.room, []string{m.keys.room(id)})
		if err != nil {
			return Room{}, err
		}
		room := Room{ID: id, Now: time.UnixMilli(r.number())}
		if !r.more() {
			if r.err == nil {
				r.err = ErrNotFound
			}
			return room, r.err
		}
		room.Version = r.number()
		room.Doc = []byte(r.text())
		return room, r.err
	})
}

// ChangeRoom replaces or removes a room, wakes, seats and tells, all in one step or not at all. It returns the room's new
// version.
//
// Errors: ErrConflict (somebody else was faster: read the room again), ErrTooLate, *InvalidError, *ConfigError,
// ErrUnavailable. After the last it is not known whether the change was made; reading the room tells. A driver may
// repeat the call.
func (m *Matcher) ChangeRoom(ctx context.Context, c RoomChange) (version int64, err error) {
	messages, err := c.check()
	if err != nil {
		return 0, err
	}
	k := &m.keys
	keys := []string{k.meta, k.timers, k.online, k.room(c.ID)}
	for _, player := range c.Players {
		keys = append(keys, k.seats(player))
	}
	for _, player := range c.Left {
		keys = append(keys, k.seats(player))
	}
	outboxes, rows := m.messageRows(messages)
	keys = append(keys, outboxes...)
	args := append([]any{
		c.ID, c.Version, newID(), c.Keep.Milliseconds(), millis(c.NotAfter), millis(c.WakeAt), len(c.Players), len(c.Left),
		m.cfg.OutboxKeep.Milliseconds(), k.channel, string(c.Doc),
	}, rows...)
	return within(ctx, m, nil, func(ctx context.Context) (int64, error) {
		r, err := m.write(ctx, m.scripts.change, keys, args...)
		if err != nil {
			return 0, err
		}
		outcome, version := r.text(), r.number()
		switch outcome {
		case "changed":
		case "conflict":
			r.err = ErrConflict
		case "late":
			r.err = ErrTooLate
		default:
			r.failf("outcome %q", outcome)
		}
		return version, r.err
	})
}

// millis is a time as scripts take it, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// check returns the messages as they are stored.
func (c *RoomChange) check() ([]Message, error) {
	if err := CheckName("room", c.ID); err != nil {
		return nil, err
	}
	switch {
	case c.Version < 0:
		return nil, &InvalidError{"version", "must not be negative"}
	case len(c.Doc) > MaxRoom:
		return nil, &InvalidError{"doc", fmt.Sprintf("must be at most %d bytes, not %d", MaxRoom, len(c.Doc))}
	case c.Doc != nil && len(c.Doc) == 0:
		return nil, &InvalidError{"doc", "must not be empty: nil removes the room"}
	case len(c.Players)+len(c.Left) > mostSeats:
		return nil, &InvalidError{"players", fmt.Sprintf("must be at most %d", mostSeats)}
	case c.Doc == nil && len(c.Players) > 0:
		return nil, &InvalidError{"players", "can't have a seat in a room that is removed"}
	case len(c.Messages) > mostRoomMessages:
		return nil, &InvalidError{"messages", fmt.Sprintf("must be at most %d", mostRoomMessages)}
	}
	if c.Doc != nil {
		if err := checkDuration("keep", c.Keep, time.Millisecond); err != nil {
			return nil, err
		}
	}
	for _, players := range [][]string{c.Players, c.Left} {
		for _, player := range players {
			if err := CheckName("player", player); err != nil {
				return nil, err
			}
		}
	}
	messages, err := checkMessages(c.Messages)
	bytes := 0
	for i := range messages {
		bytes += len(messages[i].Data)
	}
	if bytes > mostBytes {
		return nil, &InvalidError{"messages", fmt.Sprintf("must be at most %d bytes, not %d", mostBytes, bytes)}
	}
	return messages, err
}

// DueRooms tells which rooms are to be woken, the longest overdue first, at most so many of them (1 to 1,000), and in
// how long the next one after those is; next is negative if there is none. A room stays due until it is changed: any
// number of nodes may ask, and who wakes it is settled by ChangeRoom. Errors: ErrUnavailable.
func (m *Matcher) DueRooms(ctx context.Context, most int) (ids []string, next time.Duration, err error) {
	type due struct {
		ids  []string
		next time.Duration
	}
	most = min(max(most, 1), 1000)
	found, err := within(ctx, m, nil, func(ctx context.Context) (due, error) {
		r, err := m.read(ctx, m.scripts.alarms, []string{m.keys.timers}, most)
		if err != nil {
			return due{}, err
		}
		next := time.Duration(r.number()) * time.Millisecond
		ids, err := texts(r)
		return due{ids, next}, err
	})
	return found.ids, found.next, err
}

// mostRoomsOf is how many rooms of a player are told of.
const mostRoomsOf = 256

// RoomsOf tells in which rooms a player has a seat, at most 256. Errors: ErrUnavailable.
func (m *Matcher) RoomsOf(ctx context.Context, player string) ([]string, error) {
	all, err := m.RoomsOfAll(ctx, []string{player})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// RoomsOfAll is RoomsOf for many players, in their order. It takes a call to Redis for each 128 of them.
func (m *Matcher) RoomsOfAll(ctx context.Context, players []string) ([][]string, error) {
	all := make([][]string, 0, len(players))
	for some := range slices.Chunk(players, mostPlayers) {
		rooms, err := m.seatsOf(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, rooms...)
	}
	return all, nil
}

func (m *Matcher) seatsOf(ctx context.Context, players []string) ([][]string, error) {
	return within(ctx, m, nil, func(ctx context.Context) ([][]string, error) {
		keys := make([]string, len(players))
		for i, player := range players {
			keys[i] = m.keys.seats(player) // nobody has a name that is none, and so no seats
		}
		r, err := m.read(ctx, m.scripts.seats, keys, mostRoomsOf)
		if err != nil {
			return nil, err
		}
		all := make([][]string, len(players))
		for i := range all {
			row := r.list()
			all[i], _ = texts(row)
			r.done(row)
		}
		return all, r.err
	})
}

// texts reads the rest of a reply.
func texts(r *reply) ([]string, error) {
	var all []string
	for r.more() {
		all = append(all, r.text())
	}
	return all, r.err
}
