package matchq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// VoidReason is why a ticket whose enqueue had no answer is cancelled.
const VoidReason = "void"

// voider tells Redis which enqueues had no answer, until it hears: the ticket is cancelled if it waits, and if it is
// unknown it gets that outcome beforehand, so that a write that still arrives queues nobody.
type voider struct {
	mu      sync.Mutex
	rows    []row
	running bool
}

func (v *voider) add(m *Matcher, r row) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows = append(v.rows, r)
	if !v.running {
		v.running = true
		go v.run(m)
	}
}

// has says whether an id is still to be voided.
func (v *voider) has(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.rows, func(r row) bool { return r.ticket.ID == id })
}

// next is what to send next: what was there before, and so was not acknowledged, less the first done rows of it.
func (v *voider) next(done, limit int) []row {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows = slices.Delete(v.rows, 0, done)
	v.running = len(v.rows) > 0
	return slices.Clone(v.rows[:min(limit, len(v.rows))])
}

func (v *voider) run(m *Matcher) {
	pause := backoff{}
	for rows := v.next(0, m.cfg.Limit); len(rows) > 0; {
		err := v.call(m, rows)
		if errors.Is(err, redis.ErrClosed) {
			return
		}
		if err == nil || isSettled(err) {
			if err != nil {
				m.cfg.Logger.Error("matchq: could not void tickets whose enqueue had no answer", "tickets", len(rows), "error", err)
			}
			pause = backoff{}
			rows = v.next(len(rows), m.cfg.Limit)
			continue
		}
		time.Sleep(pause.next())
	}
}

func (v *voider) call(m *Matcher, rows []row) error {
	for range mostLooks {
		var err error
		if rows, err = v.look(m, rows); err != nil || len(rows) == 0 {
			return err
		}
	}
	return fmt.Errorf("%w: %d tickets are restored and proposed again all the time", ErrUnavailable, len(rows))
}

// look voids rows, and returns those that were proposed by then. They are declined, and must be looked at again: their
// match may have fallen apart before that.
func (v *voider) look(m *Matcher, rows []row) (proposed []row, err error) {
	// It outlives the callers, so it has a time-out of its own.
	ctx, cancel := context.WithTimeout(context.Background(), m.cfg.Timeout)
	defer cancel()
	values, err := m.cancelRows(ctx, rows, VoidReason)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		matchID, record, ok := cutProposal(values[i])
		if !ok || !rows[i].made(record) {
			continue
		}
		proposed = append(proposed, rows[i])
		if err := m.decline(ctx, matchID, rows[i].ticket.Player, VoidReason); err != nil {
			return nil, err
		}
	}
	return proposed, nil
}

// made says whether a record is that of the row's ticket, rather than one of another request with its id.
func (r *row) made(record string) bool {
	_, body, _ := strings.Cut(record, "\t")
	mine, theirs := strings.SplitN(r.body, "\t", 3), strings.SplitN(body, "\t", 3)
	if len(theirs) == 3 {
		theirs[1], _, _ = strings.Cut(theirs[1], ".") // how often it was restored
	}
	return slices.Equal(mine, theirs)
}

// isSettled tells an error after which it is known that the script changed nothing.
func isSettled(err error) bool {
	var config *ConfigError
	return errors.As(err, &config) || isRefusal(err)
}

// backoff is how long to wait before asking a Redis that is away again: 50 ms, doubling up to 1 s.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, 50*time.Millisecond), time.Second)
	return b.last
}
