package matchq

import (
	"context"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var withdrawScript = space.Bind[withdrawArgs]("match/withdraw")

type withdrawArgs struct {
	Reason  string        `lua:"reason"`
	SinceMS int64         `lua:"since_ms"`
	Rows    []withdrawRow `lua:"row"`
}

// withdrawRow is a player, their latest ticket ("" if there is none) and the queue it waits in ("" if it does not).
type withdrawRow struct {
	Player string `lua:"player"`
	ID     string `lua:"id"`
	Queue  string `lua:"queue"`
}

// maxWithdrawn is how many players a call may take out of their queues: those of a match.
const maxWithdrawn = 16

// Withdraw takes up to 16 players out of the queues they wait in, all of them in one step or none, so that they can play
// together without being matched with others. Their tickets are cancelled with the reason. A player who waits nowhere is
// no error, so it is safe to repeat.
//
// A player who is proposed, or whose latest ticket was matched after since, by Redis's clock, has begun something else:
// the error is a *BusyError. Others: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Withdraw(ctx context.Context, reason string, since time.Time, players ...string) error {
	if err := CheckName("reason", reason); err != nil {
		return err
	}
	if len(players) > maxWithdrawn {
		return &InvalidError{"players", fmt.Sprintf("must be at most %d, not %d", maxWithdrawn, len(players))}
	}
	for _, player := range players {
		if err := CheckName("player", player); err != nil {
			return err
		}
	}
	if len(players) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	for range maxLooks {
		done, err := m.tryWithdraw(ctx, reason, since.UnixMilli(), players)
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the players' tickets change all the time", ErrUnavailable)
}

// tryWithdraw looks where players wait and takes them out, if they still do. done is false if they don't.
func (m *Matcher) tryWithdraw(ctx context.Context, reason string, sinceMS int64, players []string) (done bool, err error) {
	rows, err := m.latest(ctx, players)
	if err != nil {
		return false, err
	}
	r, err := withdrawScript.Call(ctx, m.space, withdrawArgs{Reason: reason, SinceMS: sinceMS, Rows: rows})
	if err != nil {
		return false, err
	}
	switch word := r.Text(); word {
	case "done":
		return true, r.Err
	case "changed":
		return false, r.Err
	case "busy":
		if i := r.Index(len(players)); r.Err == nil {
			return false, &BusyError{Player: players[i]}
		}
	default:
		r.Failf("outcome %q", word)
	}
	return false, r.Err
}

// latest looks up the players' latest tickets and the queues they wait in.
func (m *Matcher) latest(ctx context.Context, players []string) ([]withdrawRow, error) {
	rows := make([]withdrawRow, len(players))
	for i, player := range players {
		id, err := space.Field(ctx, m.space, space.Players, player)
		if err != nil {
			return nil, err
		}
		value, err := space.Field(ctx, m.space, space.Tickets, id)
		if err != nil {
			return nil, err
		}
		rows[i] = withdrawRow{Player: player, ID: id}
		if codec.IsRecord(value) {
			t, err := parseTicket(id, value)
			if err != nil {
				return nil, err
			}
			rows[i].Queue = t.Queue
		}
	}
	return rows, nil
}
