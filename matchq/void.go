package matchq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

// voider voids the tickets of enqueues that had no answer, until Redis confirms it: the ticket is cancelled if it waits,
// and if it is unknown it gets that outcome beforehand, so that a write that still arrives queues nobody.
type voider struct {
	m *Matcher

	mu      sync.Mutex
	rows    []row
	running bool
}

func (v *voider) add(r row) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows = append(v.rows, r)
	if !v.running {
		v.running = true
		go v.run()
	}
}

// has says whether an id is still to be voided.
func (v *voider) has(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.rows, func(r row) bool { return r.ticket.ID == id })
}

// next drops the first done rows and returns those to send next.
func (v *voider) next(done int) []row {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows = slices.Delete(v.rows, 0, done)
	v.running = len(v.rows) > 0
	return slices.Clone(v.rows[:min(v.m.cfg.Limit, len(v.rows))])
}

func (v *voider) run() {
	var pause space.Backoff
	for rows := v.next(0); len(rows) > 0; {
		err := v.void(rows)
		if errors.Is(err, redis.ErrClosed) {
			return
		}
		if err == nil || space.IsSettled(err) {
			if err != nil {
				v.m.cfg.Logger.Error("matchq: could not void tickets whose enqueue had no answer", "tickets", len(rows), "error", err)
			}
			pause.Reset()
			rows = v.next(len(rows))
			continue
		}
		time.Sleep(pause.Next())
	}
}

func (v *voider) void(rows []row) error {
	for range maxLooks {
		var err error
		if rows, err = v.look(rows); err != nil || len(rows) == 0 {
			return err
		}
	}
	return fmt.Errorf("%w: %d tickets are restored and proposed again all the time", ErrUnavailable, len(rows))
}

// look voids rows, and returns those that were proposed by then. They are declined, and must be looked at again: their
// match may have fallen apart before that.
func (v *voider) look(rows []row) (proposed []row, err error) {
	// It outlives the callers, so it has a time-out of its own.
	ctx, cancel := context.WithTimeout(context.Background(), v.m.cfg.Timeout)
	defer cancel()
	values, err := v.m.cancelRows(ctx, rows, ReasonVoid)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		matchID, record, ok := codec.CutProposed(values[i])
		if !ok || !codec.SameRequest(record, rows[i].body) {
			continue
		}
		proposed = append(proposed, rows[i])
		if err := v.m.decline(ctx, matchID, rows[i].ticket.Player, ReasonVoid); err != nil {
			return nil, err
		}
	}
	return proposed, nil
}
