package matchq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// mostWithdrawn is how many players a call may take out of their queues: those of a match.
const mostWithdrawn = 16

// Withdraw takes players out of the queues they wait in, all of them in one step or nobody, so that they can play
// together without being matched with others. Their tickets are cancelled with the reason. Players who wait nowhere are
// fine, so it is safe to repeat. It is for up to 16 players.
//
// A player who is proposed, or whose latest ticket was matched after since, by Redis's clock, has begun something else:
// the error is a *BusyError. Others: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Withdraw(ctx context.Context, reason string, since time.Time, players ...string) error {
	if err := CheckName("reason", reason); err != nil {
		return err
	}
	if len(players) > mostWithdrawn {
		return &InvalidError{"players", fmt.Sprintf("must be at most %d, not %d", mostWithdrawn, len(players))}
	}
	for _, player := range players {
		if err := CheckName("player", player); err != nil {
			return err
		}
	}
	if len(players) == 0 {
		return nil
	}
	for range mostLooks {
		done, err := within(ctx, m, nil, func(ctx context.Context) (bool, error) {
			return m.tryWithdraw(ctx, reason, since.UnixMilli(), players)
		})
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the players' tickets change all the time", ErrUnavailable)
}

// tryWithdraw looks where players wait and takes them out, if they still do. done is false if they don't.
func (m *Matcher) tryWithdraw(ctx context.Context, reason string, sinceMS int64, players []string) (done bool, err error) {
	k := &m.keys
	keys := []string{k.meta, k.tickets, k.players, k.due, k.events, k.counters, k.tombstones, k.batches}
	args := []any{reason, sinceMS}
	for _, player := range players {
		id, queue, err := m.placeOf(ctx, player)
		if err != nil {
			return false, err
		}
		keys = append(keys, k.waiting(queue), k.passed(queue))
		args = append(args, player, id, queue)
	}
	r, err := m.write(ctx, m.scripts.withdraw, keys, args...)
	if err != nil {
		return false, err
	}
	switch word := r.text(); word {
	case "done":
		return true, r.err
	case "changed":
		return false, r.err
	case "busy":
		if i := r.index(len(players)); r.err == nil {
			return false, &BusyError{Player: players[i]}
		}
	default:
		r.failf("outcome %q", word)
	}
	return false, r.err
}

// placeOf is the id of a player's latest ticket, "" if there is none, and the queue it waits in, "" if it does not.
func (m *Matcher) placeOf(ctx context.Context, player string) (id, queue string, err error) {
	id, err = m.rdb.HGet(ctx, m.keys.players, player).Result()
	if errors.Is(err, redis.Nil) {
		return "", "", nil
	}
	if err != nil {
		return "", "", failure("read player", err)
	}
	value, err := m.rdb.HGet(ctx, m.keys.tickets, id).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", "", failure("read ticket", err)
	}
	if !isRecord(value) {
		return id, "", nil
	}
	t, err := parseRecord(id, value)
	return id, t.Queue, err
}
