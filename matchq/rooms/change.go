package rooms

import (
	"context"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/mail"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/presence"
)

// MaxDoc is how many bytes a room's document may have: 256 KiB.
const MaxDoc = 256 << 10

// A change has a limited number of messages, and of seats.
const (
	maxMessages = 64
	maxSeats    = 32
)

// Change replaces or removes a room, once.
type Change struct {
	ID      string // of the room: a name of 1 to 128 bytes
	Version int64  // of the room as you read it; 0 if there is none yet

	// Doc is the new document, of 1 to MaxDoc bytes. nil removes the room; with Version 0 it only ends the WakeAt of a room
	// that is not there any more.
	Doc []byte
	// Keep is how long the room is kept unless it is changed again, in whole milliseconds, at least 1 ms. A Doc needs it.
	Keep time.Duration
	// NotAfter, by Redis's clock, is the last millisecond in which the change counts. Defaults to no limit.
	NotAfter time.Time
	// WakeAt, by Redis's clock, is from when on Due returns the room. Each change sets it anew; Room.WakeAt tells it.
	// Defaults to never.
	WakeAt time.Time
	// Seats are taken, or kept, from now on, as long as the room is kept. Left are given up. Others stay as they are.
	// Together at most 32.
	Seats, Left []Seat
	// Messages are sent in the same step, as by presence.Presence.Send, except that DedupKey is ignored. At most 64, and
	// 256 KiB of data.
	Messages []presence.Message
}

var changeScript = space.Bind[changeArgs]("rooms/change")

type changeArgs struct {
	Kind          string     `lua:"kind"`
	Room          string     `lua:"room"`
	Version       int64      `lua:"version"`
	Token         string     `lua:"token"`
	KeepMS        int64      `lua:"keep_ms"`
	NotAfterMS    int64      `lua:"not_after"`
	WakeAtMS      int64      `lua:"wake_at"`
	MailboxKeepMS int64      `lua:"mailbox_keep_ms"`
	Channel       string     `lua:"channel"`
	Document      string     `lua:"document"`
	Holders       []held     `lua:"holder"`
	Leavers       []left     `lua:"leaver"`
	Messages      []mail.Row `lua:"message"`
}

type held struct {
	Holder string `lua:"player"`
	Most   int    `lua:"most"`
}

type left struct {
	Holder string `lua:"player"`
}

// Change replaces or removes a room, sets its WakeAt, gives and takes seats and sends messages, all in one step or not at
// all. It returns the room's new version.
//
// Errors: ErrConflict, ErrTooLate and *FullError, *matchq.InvalidError and *matchq.ConfigError, after which nothing was
// changed, and matchq.ErrUnavailable, after which the change may have been made: read the room again. The driver may repeat
// a call whose reply was lost; a caller who repeats it gets ErrConflict if it was made.
func (r *Rooms) Change(ctx context.Context, c Change) (version int64, err error) {
	messages, err := c.check()
	if err != nil {
		return 0, err
	}
	reply, err := changeScript.Call(ctx, r.space, changeArgs{
		Kind: r.timers(), Room: r.stored(c.ID), Version: c.Version, Token: space.NewID(), KeepMS: c.Keep.Milliseconds(),
		NotAfterMS: millis(c.NotAfter), WakeAtMS: millis(c.WakeAt), MailboxKeepMS: r.mailboxes.KeepMS, Channel: r.space.Channel(""),
		Document: string(c.Doc), Holders: r.holders(c.Seats), Leavers: r.leavers(c.Left), Messages: messages,
	})
	if err != nil {
		return 0, err
	}
	return decodeChange(reply, c.Seats)
}

func decodeChange(r *space.Reply, seats []Seat) (version int64, err error) {
	outcome, version := r.Text(), r.Number()
	switch {
	case r.Err != nil:
		return 0, r.Err
	case outcome == "changed":
		return version, nil
	case outcome == "conflict":
		return version, ErrConflict
	case outcome == "late":
		return version, ErrTooLate
	case outcome == "full":
		if at := r.Number(); r.Err == nil && at >= 1 && at <= int64(len(seats)) {
			return version, &FullError{seats[at-1]}
		}
	}
	r.Failf("outcome %q", outcome)
	return 0, r.Err
}

// latest is the end of the year 9999: numbers of scripts are exact up to there.
var latest = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// millis is a time as scripts take it, 0 for none.
func millis(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(latest):
		return latest.UnixMilli()
	}
	return max(t.UnixMilli(), 1) // one before 1970 is not none
}

func (r *Rooms) holders(seats []Seat) []held {
	rows := make([]held, len(seats))
	for i := range seats {
		rows[i] = held{r.holder(seats[i].Player, seats[i].Kind), seats[i].Max}
	}
	return rows
}

func (r *Rooms) leavers(seats []Seat) []left {
	rows := make([]left, len(seats))
	for i := range seats {
		rows[i] = left{r.holder(seats[i].Player, seats[i].Kind)}
	}
	return rows
}

// check returns the messages as scripts take them.
func (c *Change) check() ([]mail.Row, error) {
	if err := matchq.CheckName("room", c.ID); err != nil {
		return nil, err
	}
	if field, problem := c.problem(); problem != "" {
		return nil, &matchq.InvalidError{Field: field, Problem: problem}
	}
	for _, seats := range [][]Seat{c.Seats, c.Left} {
		for i := range seats {
			if err := seats[i].check(); err != nil {
				return nil, err
			}
		}
	}
	return c.checkMessages()
}

// problem describes the fault of a field, "" if it has none.
func (c *Change) problem() (field, problem string) {
	switch {
	case c.Version < 0:
		return "version", "must not be negative"
	case len(c.Doc) > MaxDoc:
		return "doc", fmt.Sprintf("must be at most %d bytes, not %d", MaxDoc, len(c.Doc))
	case c.Doc != nil && len(c.Doc) == 0:
		return "doc", "must not be empty: nil removes the room"
	case c.Doc == nil && len(c.Seats) > 0:
		return "seats", "can't be had in a room that is removed"
	case len(c.Seats)+len(c.Left) > maxSeats:
		return "seats", fmt.Sprintf("must be at most %d, those given up included", maxSeats)
	case len(c.Messages) > maxMessages:
		return "messages", fmt.Sprintf("must be at most %d", maxMessages)
	case c.Doc != nil:
		return "keep", codec.DurationProblem(c.Keep, time.Millisecond)
	}
	return "", ""
}

func (c *Change) checkMessages() ([]mail.Row, error) {
	rows := make([]mail.Row, len(c.Messages))
	bytes := 0
	for i := range c.Messages {
		msg := &c.Messages[i]
		row, field, problem := mail.NewRow(msg.Player, msg.Event, msg.DedupKey, msg.Data)
		if problem != "" {
			return nil, &matchq.InvalidError{Field: field, Problem: problem}
		}
		rows[i] = row
		bytes += len(row.Data)
	}
	if bytes > mail.MaxCall {
		return nil, &matchq.InvalidError{Field: "messages", Problem: fmt.Sprintf("must be at most %d bytes, not %d", mail.MaxCall, bytes)}
	}
	return rows, nil
}
