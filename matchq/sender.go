package matchq

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// sender gathers what is enqueued while calls are under way and sends it in the next ones (group commit). There is no
// timer: the first row finds the sender idle and goes alone.
type sender struct {
	mu      sync.Mutex
	rows    []*pending // those that came since the round began, oldest first
	round   []*pending // those to be sent before them, by queue
	sending bool
	suspect bool // the last call got no answer; used by the goroutine that sends only
}

// pending is a row that waits for its answer.
type pending struct {
	row    row
	answer chan answer
	taken  bool // by the sender or back from it; guarded by sender.mu
}

type status int

const (
	statusFailed  status = iota // err says why; nothing was queued
	statusUnknown               // err says why; it may have been queued
	statusQueued
	statusDuplicate // id is the player's live ticket, value its record
	statusKnown     // value is what stands for the id
	statusPaused
)

type answer struct {
	status    status
	nowMS     int64 // when Redis gave it
	id, value string
	err       error
}

func newPending(r row) *pending { return &pending{row: r, answer: make(chan answer, 1)} }

// add hands rows to the sender.
func (s *sender) add(m *Matcher, rows ...*pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
	if !s.sending && len(s.rows) > 0 {
		s.sending = true
		go s.send(m)
	}
}

// takeBack withdraws a row that was not sent yet.
func (s *sender) takeBack(p *pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := !p.taken
	p.taken = true
	return mine
}

// send sends batch after batch until no row is left.
func (s *sender) send(m *Matcher) {
	for {
		away := s.probe(m)
		batch := s.take(m.cfg.Limit, away)
		if len(batch) == 0 {
			return
		}
		if away != nil {
			continue
		}
		answers := make([]answer, len(batch))
		if failed := s.call(m, batch, answers); failed != nil {
			for i := range answers {
				answers[i] = *failed
			}
		}
		for i, p := range batch {
			p.answer <- answers[i]
		}
		m.tickAtOnce(batch, answers)
	}
}

// take moves the next rows of the round to a batch, at most limit. When the round is over all that came meanwhile make
// the next one, so that no queue can keep another waiting. If Redis is away they have their answer before anybody can see
// that they were taken: whoever can't take a row back and finds no answer knows that it was sent.
func (s *sender) take(limit int, away *answer) []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []*pending
	for len(batch) == 0 && len(s.round)+len(s.rows) > 0 {
		if len(s.round) == 0 {
			s.begin()
			continue // it is empty if all callers gave up
		}
		calls := (len(s.round) + limit - 1) / limit
		share := (len(s.round) + calls - 1) / calls
		batch = slices.DeleteFunc(s.round[:share:share], func(p *pending) bool { return p.taken }) // back
		for _, p := range batch {
			p.taken = true
			if away != nil {
				p.answer <- *away
			}
		}
		s.round = s.round[share:]
	}
	s.sending = len(batch) > 0
	return batch
}

// begin makes a round of the rows that came, no player and no id twice: a later row of theirs must find what became of
// the earlier one. It is sorted, so that many rows of a queue go together: that costs Redis less than the order in
// which they came. Their order in a queue stays.
func (s *sender) begin() {
	players, ids := make(map[string]bool, len(s.rows)), map[string]bool{}
	kept := s.rows[:0]
	for _, p := range s.rows {
		t := &p.row.ticket
		switch {
		case p.taken: // back
			continue
		case players[t.Player] || ids[t.ID]:
			kept = append(kept, p)
		default:
			s.round = append(s.round, p)
		}
		players[t.Player], ids[t.ID] = true, true // also of one that is kept: none of theirs may overtake it
	}
	clear(s.rows[len(kept):])
	s.rows = kept
	slices.SortStableFunc(s.round, func(a, b *pending) int { return strings.Compare(a.row.ticket.Queue, b.row.ticket.Queue) })
}

// probe asks Redis for a sign of life if the last call got no answer. While it is away nothing is taken and sent: so it is
// known that nothing was queued, there is nothing to void, and callers who give up take their rows back.
func (s *sender) probe(m *Matcher) *answer {
	if !s.suspect {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.cfg.Timeout)
	defer cancel()
	if err := m.rdb.Ping(ctx).Err(); err != nil {
		return &answer{status: statusFailed, err: fmt.Errorf("%w: nothing was queued: %w", ErrUnavailable, err)}
	}
	s.suspect = false
	return nil
}

// call sends one batch and fills in its answers; if there is none, it returns the one for all.
func (s *sender) call(m *Matcher, batch []*pending, answers []answer) *answer {
	// The batch outlives its callers, so it has a time-out of its own.
	ctx, cancel := context.WithTimeout(context.Background(), m.cfg.Timeout)
	defer cancel()
	err := m.enqueueRows(ctx, batch, answers)
	switch {
	case err == nil:
		return nil
	case isSettled(err):
		return &answer{status: statusFailed, err: err}
	default:
		s.suspect = true
		return &answer{status: statusUnknown, err: err}
	}
}
