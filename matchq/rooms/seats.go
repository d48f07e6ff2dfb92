package rooms

import (
	"context"
	"fmt"
	"slices"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Seat is a player's seat in a room. A player may have seats of several kinds in one room.
type Seat struct {
	Player string
	// Kind tells seats of a player apart, such as those in games from those in invitations. A name of 1 to 32 bytes, or
	// empty. Defaults to "", which is a kind too.
	Kind string
	// Max refuses a change by which the player would have a seat of this kind in more than Max rooms. Defaults to no
	// limit.
	Max int
}

// FullError says that a player has as many seats of a kind in other rooms as the change allows. Nothing was changed.
type FullError struct {
	Seat Seat // that could not be had
}

func (e *FullError) Error() string {
	if e.Seat.Kind == "" {
		return fmt.Sprintf("matchq: player %q has a seat in %d rooms already", e.Seat.Player, e.Seat.Max)
	}
	return fmt.Sprintf("matchq: player %q has a seat %q in %d rooms already", e.Seat.Player, e.Seat.Kind, e.Seat.Max)
}

// maxKind is how long the name of a kind may be, in bytes.
const maxKind = 32

// check returns the fault of a seat.
func (s *Seat) check() error {
	if err := matchq.CheckName("player", s.Player); err != nil {
		return err
	}
	if err := checkKind(s.Kind); err != nil {
		return err
	}
	if s.Max < 0 {
		return &matchq.InvalidError{Field: "max", Problem: "must not be negative"}
	}
	return nil
}

// checkKind returns the fault of a kind of seats, or of rooms.
func checkKind(kind string) error {
	if kind == "" {
		return nil
	}
	if err := matchq.CheckName("kind", kind); err != nil {
		return err
	}
	if len(kind) > maxKind {
		return &matchq.InvalidError{Field: "kind", Problem: fmt.Sprintf("must be at most %d bytes, not %d", maxKind, len(kind))}
	}
	return nil
}

// holder names the seats of a kind that a player has in these rooms. Names have no control characters.
func (r *Rooms) holder(player, kind string) string {
	if r.prefix == "" && kind == "" {
		return player
	}
	return r.prefix + kind + "\t" + player
}

var roomsOfScript = space.Bind[roomsOfArgs]("rooms/rooms_of")

type roomsOfArgs struct {
	Limit int          `lua:"limit"`
	Rows  []roomsOfRow `lua:"row"`
}

type roomsOfRow struct {
	Holder string `lua:"player"`
}

const (
	maxRoomsOf = 32  // rooms of a player and a kind; rooms/change has it too
	maxHolders = 128 // of a call to Redis
)

// Of returns the rooms of this kind in which a player has a seat of one of some kinds, in the order of the kinds; of each
// those that are kept longest first, at most 32. Without kinds it is about seats of the kind "". Errors:
// matchq.ErrUnavailable.
func (r *Rooms) Of(ctx context.Context, player string, kinds ...string) ([]string, error) {
	all, err := r.OfAll(ctx, []string{player}, kinds...)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// OfAll is Of for many players, in their order. It takes a call to Redis for each 128 players and kinds. Errors:
// matchq.ErrUnavailable.
func (r *Rooms) OfAll(ctx context.Context, players []string, kinds ...string) ([][]string, error) {
	if len(kinds) == 0 {
		kinds = []string{""}
	}
	rows := make([]roomsOfRow, 0, len(players)*len(kinds))
	for _, player := range players {
		for _, kind := range kinds {
			rows = append(rows, roomsOfRow{r.holder(player, kind)})
		}
	}
	found := make([][]string, 0, len(rows))
	for some := range slices.Chunk(rows, maxHolders) {
		reply, err := roomsOfScript.Call(ctx, r.space, roomsOfArgs{Limit: maxRoomsOf, Rows: some})
		if err != nil {
			return nil, err
		}
		rooms, err := decodeRoomsOf(reply, len(some))
		if err != nil {
			return nil, err
		}
		for _, of := range rooms {
			found = append(found, r.plain(of))
		}
	}
	all := make([][]string, len(players))
	for i := range all {
		all[i] = merged(found[i*len(kinds) : (i+1)*len(kinds)])
	}
	return all, nil
}

// merged joins lists and drops repetitions.
func merged(lists [][]string) []string {
	if len(lists) == 1 {
		return lists[0]
	}
	var all []string
	for _, list := range lists {
		for _, room := range list {
			if !slices.Contains(all, room) {
				all = append(all, room)
			}
		}
	}
	return all
}

func decodeRoomsOf(r *space.Reply, rows int) ([][]string, error) {
	all := make([][]string, rows)
	for i := range all {
		row := r.List()
		all[i] = row.Texts()
		r.Done(row)
	}
	return all, r.Err
}
